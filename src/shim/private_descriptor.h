// What libmayfly and UCX open and start for themselves.
//
// Their descriptors are moved out of the way of the program's small numbers, are not handed on by
// exec, and the program can neither close nor replace them. UCX has one thread in a process, which
// waits in one epoll set for the events of all contexts, and knows nothing of fork: a child has the
// set in common with its parent, and no thread. So a child that touches the mount gets a set and a
// thread of its own in their place before it starts UCX again; the numbers of its parent's other
// descriptors stay taken, for UCX still has them in its tables.
//
// Thread: any; repair_after_fork() is called before the child has used UCX.
#pragma once

#include <pthread.h>
#include <sys/epoll.h>

namespace mayfly::shim {

/// lasting: a forked child keeps it as it is.
enum class PrivateKind : unsigned char { none, other, epoll, event, pipe, lasting };

/// What a call that opens has given, moved if it was made inside of libmayfly.
int if_private(int fd, PrivateKind kind = PrivateKind::other);
/// Both ends of a pipe.
void if_private_pipe(int ends[2]);
bool is_private(int fd);
/// The number is free again, by libmayfly's own close.
void forget_private(int fd);

/// What a set was told to wait for.
void remember_event(int set, int fd, const epoll_event& event);
/// A thread's function and argument.
void remember_thread(void* (*function)(void*), void* argument);

/// In a forked child. 0, or an errno.
int repair_after_fork();

}  // namespace mayfly::shim
