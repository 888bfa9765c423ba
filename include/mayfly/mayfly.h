/* MayflyFS: the C interface.
 *
 * POSIX-shaped: functions return -1 (or NULL) and set errno. Paths are absolute within the file
 * system ("/run1/checkpoint"), or with the functions called ...at relative to the directory that a
 * descriptor has open; a relative path and AT_FDCWD give EINVAL, for there is no working directory
 * here. NULL for a path, a buffer or a result gives EFAULT. All functions are thread-safe. One
 * membership per process: a forked child has none, and joins for itself.
 *
 * A server that is gone gives EIO within the deadline, never a hang; one line on stderr names it.
 * The deadline is 30 s, or what $MAYFLY_DEADLINE says when the process joins, in seconds. A server
 * that lives but is slow (an fsync on a drive with much to write) is waited for, up to ten
 * deadlines for each request.
 *
 * O_TMPFILE is EOPNOTSUPP. Reading shows in st_atime as with relatime, by the times that the file
 * had when it was opened; reading and following symbolic links does not.
 */
#ifndef MAYFLY_MAYFLY_H
#define MAYFLY_MAYFLY_H

#include <dirent.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/types.h>
#include <sys/uio.h>

#ifdef __cplusplus
#define MAYFLY_NOEXCEPT noexcept
extern "C" {
#else
#define MAYFLY_NOEXCEPT
#endif

/* "0.1.0" */
const char* mayfly_version(void) MAYFLY_NOEXCEPT;

/* UCX uses strtok and localtime below any of these calls: what a program keeps with them across a
 * call is lost. */

/* Joins the running file system that `session` (from mayfly_mpi_split, or a session file)
 * describes. EALREADY: joined already. EBADMSG: not a session. EPROTONOSUPPORT: of another
 * version. EINVAL: $MAYFLY_DEADLINE is no number of seconds from 1 to 3600. */
int mayfly_join(const void* session, size_t bytes) MAYFLY_NOEXCEPT;
/* The same by a session file, of `mayfly start` or of a running job; NULL: $MAYFLY_SESSION's.
 * EALREADY: joined already. ENOENT: there is none. EACCES: it is not the user's alone. */
int mayfly_join_session(const char* path) MAYFLY_NOEXCEPT;
/* Says goodbye to all servers. Files left open are closed. ENOTCONN: not joined. */
int mayfly_leave(void) MAYFLY_NOEXCEPT;
/* Tells all servers to stop; for the last client. */
int mayfly_shut_down(void) MAYFLY_NOEXCEPT;

/* Requests that this process has sent to servers since it joined; 0 outside of a session. */
unsigned long long mayfly_requests(void) MAYFLY_NOEXCEPT;

/* The umask from now on; before the first call it is the process's as it was when it first made
 * something. umask(2) cannot be read without setting it. */
void mayfly_umask(mode_t mask) MAYFLY_NOEXCEPT;

/* For what shows the file system to programs below a directory, as "/mayfly": from now on absolute
 * symbolic links count from there, and a path that follows one to anywhere else gives EREMOTE.
 * Without it they count from the root of the file system. EINVAL: not absolute, or "/". */
int mayfly_set_mount_point(const char* path) MAYFLY_NOEXCEPT;

/* Descriptors are MayflyFS's own, not the kernel's. */
int mayfly_open(const char* path, int flags, mode_t mode) MAYFLY_NOEXCEPT;
int mayfly_openat(int directory, const char* path, int flags, mode_t mode) MAYFLY_NOEXCEPT;

/* Which servers hold a file, as `lfs setstripe` has it: chunk k is on server first_server + (k mod
 * stripe_count), counted round all servers. 0 for chunk_bytes stands for 1 MiB (else 4 KiB to 16
 * MiB, whole pages), 0 for stripe_count for all servers. */
#define MAYFLY_ANY_SERVER (-1)   /* the one that keeps the file's inode */
#define MAYFLY_LOCAL_SERVER (-2) /* one on the node of whoever makes the file holds all of it */
typedef struct mayfly_layout {
  size_t chunk_bytes;
  unsigned stripe_count;
  int first_server;
} mayfly_layout;
/* What new files in a directory will have, and directories made in it hand down. */
int mayfly_setstripe(const char* directory, const mayfly_layout* layout) MAYFLY_NOEXCEPT;
/* Of a file; of a directory, what it hands down. */
int mayfly_getstripe(const char* path, mayfly_layout* layout) MAYFLY_NOEXCEPT;
/* mayfly_open with a layout of its own for a file that is made by it. */
int mayfly_open_striped(const char* path, int flags, mode_t mode,
                        const mayfly_layout* layout) MAYFLY_NOEXCEPT;
int mayfly_close(int fd) MAYFLY_NOEXCEPT;
/* What another process of the session, or this one later, needs to open the same file once more,
 * whatever its name is by then. It counts for nothing by itself: a file without a name is gone with
 * its last descriptor. */
typedef struct mayfly_ticket {
  unsigned char bytes[32];
} mayfly_ticket;
int mayfly_get_ticket(int fd, mayfly_ticket* ticket) MAYFLY_NOEXCEPT;
/* With the flags of that open(2), and a position and locks of its own. No permissions are checked:
 * the first open did. ESTALE: of another session, or the file is gone. */
int mayfly_open_ticket(const mayfly_ticket* ticket) MAYFLY_NOEXCEPT;
/* Whether writes from now on go behind the end of the file: fcntl(F_SETFL) with O_APPEND or not. */
int mayfly_set_append(int fd, int appends) MAYFLY_NOEXCEPT;
/* At the descriptor's position, which moves on. */
ssize_t mayfly_read(int fd, void* buffer, size_t bytes) MAYFLY_NOEXCEPT;
ssize_t mayfly_write(int fd, const void* buffer, size_t bytes) MAYFLY_NOEXCEPT;
/* From and to several places, at most IOV_MAX; what is written stands together as if by one write.
 */
ssize_t mayfly_readv(int fd, const struct iovec* places, int count) MAYFLY_NOEXCEPT;
ssize_t mayfly_writev(int fd, const struct iovec* places, int count) MAYFLY_NOEXCEPT;
ssize_t mayfly_preadv(int fd, const struct iovec* places, int count, off_t offset) MAYFLY_NOEXCEPT;
ssize_t mayfly_pwritev(int fd, const struct iovec* places, int count, off_t offset) MAYFLY_NOEXCEPT;
/* Any of the five. To SEEK_DATA and SEEK_HOLE a hole is whole pages of 4 KiB that were never
 * written. */
off_t mayfly_lseek(int fd, off_t offset, int whence) MAYFLY_NOEXCEPT;
/* With O_APPEND every write, pwrite too, goes behind the end of the file, as on Linux: in one
 * piece, and never over what another process appends at the same time. While several append, a
 * reader may see zeros where a record is still on its way. */
ssize_t mayfly_pread(int fd, void* buffer, size_t bytes, off_t offset) MAYFLY_NOEXCEPT;
ssize_t mayfly_pwrite(int fd, const void* buffer, size_t bytes, off_t offset) MAYFLY_NOEXCEPT;
int mayfly_fstat(int fd, struct stat* status) MAYFLY_NOEXCEPT;
int mayfly_ftruncate(int fd, off_t size) MAYFLY_NOEXCEPT;
int mayfly_fchmod(int fd, mode_t mode) MAYFLY_NOEXCEPT;
int mayfly_fchown(int fd, uid_t owner, gid_t group) MAYFLY_NOEXCEPT;
int mayfly_futimens(int fd, const struct timespec times[2]) MAYFLY_NOEXCEPT;
/* Mode and times as `status` has them, and if `owner_too` owner and group, by one request: for
 * whoever makes a copy. Set-uid bits are as given, also with another owner. */
int mayfly_fset_attributes(int fd, const struct stat* status, int owner_too) MAYFLY_NOEXCEPT;
int mayfly_fsync(int fd) MAYFLY_NOEXCEPT;
/* As mayfly_fsync: the metadata that it leaves out is not kept apart. */
int mayfly_fdatasync(int fd) MAYFLY_NOEXCEPT;
/* All files of the session; the space of those removed before is free when it returns. */
int mayfly_sync(void) MAYFLY_NOEXCEPT;
/* fallocate(2) with mode 0, FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE and FALLOC_FL_ZERO_RANGE; any
 * other is EOPNOTSUPP. */
int mayfly_fallocate(int fd, int mode, off_t offset, off_t bytes) MAYFLY_NOEXCEPT;

/* A file of the nodes' own file systems, as lstat(2) here says of it: a server copies only from and
 * to what it sees as the same. */
#define MAYFLY_NODE_OUT 1    /* bytes go out to it, else they come in from it */
#define MAYFLY_NODE_DIRECT 2 /* past the page cache of the server's node */
#define MAYFLY_NODE_IDLE 4   /* with the least I/O priority */
typedef struct mayfly_node_file {
  const char* path; /* absolute */
  ino_t inode;
  off_t size;               /* of one that is copied from, as the next */
  struct timespec modified; /* st_mtim */
  int flags;
} mayfly_node_file;
/* xxh3-128, in canonical order. */
typedef struct mayfly_digest {
  unsigned char bytes[16];
} mayfly_digest;
#define MAYFLY_DIGEST_BLOCK (1 << 20)
/* Has the servers copy [offset, offset + bytes) between the two files, at the same place in both;
 * `offset` is a multiple of MAYFLY_DIGEST_BLOCK. Leaves one digest per begun block. EXDEV: a server
 * does not see the node's file, or the open file's chunks are no whole blocks: copy it yourself.
 * EAGAIN: the node's file is shorter than said. */
int mayfly_copy_by_servers(int fd, const mayfly_node_file* node_file, off_t offset, size_t bytes,
                           mayfly_digest* digests) MAYFLY_NOEXCEPT;
/* After the last such copy of a file of several blocks: servers close the node's file, and what
 * they wrote to it is on its device. */
int mayfly_settle_copy(int fd, const mayfly_node_file* node_file) MAYFLY_NOEXCEPT;

/* fcntl(2)'s F_GETLK, F_SETLK, F_SETLKW and F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW, between all
 * processes of the session. EAGAIN: another has the lock; EDEADLK: waiting for it would close a
 * circle, on whatever servers. Freed when the owner closes the file or dies. */
struct flock;
int mayfly_fcntl_lock(int fd, int command, struct flock* range) MAYFLY_NOEXCEPT;
/* flock(2)'s LOCK_SH, LOCK_EX, LOCK_UN, and LOCK_NB. */
int mayfly_flock(int fd, int operation) MAYFLY_NOEXCEPT;

/* Transfers that go on while the caller does not wait: the buffer is in use until mayfly_wait has
 * returned what pread or pwrite would have. Every operation must be waited for, once. They make
 * progress whenever any thread of the process is inside a mayfly_ function. */
typedef struct mayfly_operation mayfly_operation;
mayfly_operation* mayfly_start_pread(int fd, void* buffer, size_t bytes,
                                     off_t offset) MAYFLY_NOEXCEPT;
mayfly_operation* mayfly_start_pwrite(int fd, const void* buffer, size_t bytes,
                                      off_t offset) MAYFLY_NOEXCEPT;
ssize_t mayfly_wait(mayfly_operation* operation) MAYFLY_NOEXCEPT;

int mayfly_stat(const char* path, struct stat* status) MAYFLY_NOEXCEPT;
int mayfly_lstat(const char* path, struct stat* status) MAYFLY_NOEXCEPT;
/* AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH. */
int mayfly_fstatat(int directory, const char* path, struct stat* status, int flags) MAYFLY_NOEXCEPT;
int mayfly_mkdir(const char* path, mode_t mode) MAYFLY_NOEXCEPT;
int mayfly_mkdirat(int directory, const char* path, mode_t mode) MAYFLY_NOEXCEPT;
int mayfly_rmdir(const char* path) MAYFLY_NOEXCEPT;
int mayfly_unlink(const char* path) MAYFLY_NOEXCEPT;
int mayfly_unlinkat(int directory, const char* path, int flags) MAYFLY_NOEXCEPT;
/* unlink(2) of each, those of all together: one wait and not `count`. errors[i], unless `errors` is
 * NULL, is set to 0, or to what kept paths[i] from going; -1 and the first error of any if not all
 * are gone. */
int mayfly_unlink_all(const char* const* paths, int* errors, size_t count) MAYFLY_NOEXCEPT;
/* Atomic for every observer, on any number of servers, also if the caller dies in the middle. */
int mayfly_rename(const char* old_path, const char* new_path) MAYFLY_NOEXCEPT;
/* RENAME_NOREPLACE, RENAME_EXCHANGE. */
int mayfly_renameat2(int old_directory, const char* old_path, int new_directory,
                     const char* new_path, unsigned flags) MAYFLY_NOEXCEPT;
/* For a file that is made under another name and then renamed to `path`: a name in the directory of
 * `path` that begins with `begin`, of the server where that rename is least work. ERANGE: `bytes`.
 */
int mayfly_name_beside(const char* path, const char* begin, char* name,
                       size_t bytes) MAYFLY_NOEXCEPT;
/* A small file to be there as a whole: mode, times and st_size bytes as `status` says, and if
 * `owner_too` owner and group. */
typedef struct mayfly_whole_file {
  const char* path;
  const struct stat* status;
  const void* bytes;
  int owner_too;
  int error; /* is set: 0, or what kept it from being there */
} mayfly_whole_file;
#define MAYFLY_WHOLE_FILE_BYTES (1 << 16)
/* Each file takes the place of what has its name, as by rename(2), once its bytes are written: by
 * one request, those of all files together. -1 and the first error of any if not all are there.
 * EXDEV: this one has to be made, written and renamed, for it is longer than
 * MAYFLY_WHOLE_FILE_BYTES, or its directory's layout wants its bytes elsewhere. */
int mayfly_put_files(mayfly_whole_file* files, size_t count) MAYFLY_NOEXCEPT;
int mayfly_link(const char* old_path, const char* new_path) MAYFLY_NOEXCEPT;
/* AT_SYMLINK_FOLLOW. */
int mayfly_linkat(int old_directory, const char* old_path, int new_directory, const char* new_path,
                  int flags) MAYFLY_NOEXCEPT;
int mayfly_symlink(const char* target, const char* path) MAYFLY_NOEXCEPT;
int mayfly_symlinkat(const char* target, int directory, const char* path) MAYFLY_NOEXCEPT;
ssize_t mayfly_readlink(const char* path, char* buffer, size_t bytes) MAYFLY_NOEXCEPT;
ssize_t mayfly_readlinkat(int directory, const char* path, char* buffer,
                          size_t bytes) MAYFLY_NOEXCEPT;
/* For the real user, as access(2): F_OK, or R_OK, W_OK and X_OK together. */
int mayfly_access(const char* path, int mode) MAYFLY_NOEXCEPT;
/* AT_EACCESS, AT_SYMLINK_NOFOLLOW. */
int mayfly_faccessat(int directory, const char* path, int mode, int flags) MAYFLY_NOEXCEPT;
int mayfly_truncate(const char* path, off_t size) MAYFLY_NOEXCEPT;
/* EPERM for anybody but the owner and root. Flags: AT_SYMLINK_NOFOLLOW (not for a mode),
 * AT_EMPTY_PATH. */
int mayfly_chmod(const char* path, mode_t mode) MAYFLY_NOEXCEPT;
int mayfly_fchmodat(int directory, const char* path, mode_t mode, int flags) MAYFLY_NOEXCEPT;
int mayfly_chown(const char* path, uid_t owner, gid_t group) MAYFLY_NOEXCEPT;
int mayfly_lchown(const char* path, uid_t owner, gid_t group) MAYFLY_NOEXCEPT;
int mayfly_fchownat(int directory, const char* path, uid_t owner, gid_t group,
                    int flags) MAYFLY_NOEXCEPT;
int mayfly_utimens(const char* path, const struct timespec times[2]) MAYFLY_NOEXCEPT;
int mayfly_utimensat(int directory, const char* path, const struct timespec times[2],
                     int flags) MAYFLY_NOEXCEPT;
/* Extended attributes, with the names and within the limits of ext4: "user.", "trusted." (root) and
 * "security."; values up to 64 KiB (E2BIG), all of a file's together within 4 KiB (ENOSPC). */
int mayfly_setxattr(const char* path, const char* name, const void* value, size_t bytes,
                    int flags) MAYFLY_NOEXCEPT;
int mayfly_lsetxattr(const char* path, const char* name, const void* value, size_t bytes,
                     int flags) MAYFLY_NOEXCEPT;
int mayfly_fsetxattr(int fd, const char* name, const void* value, size_t bytes,
                     int flags) MAYFLY_NOEXCEPT;
ssize_t mayfly_getxattr(const char* path, const char* name, void* value,
                        size_t bytes) MAYFLY_NOEXCEPT;
ssize_t mayfly_lgetxattr(const char* path, const char* name, void* value,
                         size_t bytes) MAYFLY_NOEXCEPT;
ssize_t mayfly_fgetxattr(int fd, const char* name, void* value, size_t bytes) MAYFLY_NOEXCEPT;
ssize_t mayfly_listxattr(const char* path, char* names, size_t bytes) MAYFLY_NOEXCEPT;
ssize_t mayfly_llistxattr(const char* path, char* names, size_t bytes) MAYFLY_NOEXCEPT;
ssize_t mayfly_flistxattr(int fd, char* names, size_t bytes) MAYFLY_NOEXCEPT;
int mayfly_removexattr(const char* path, const char* name) MAYFLY_NOEXCEPT;
int mayfly_lremovexattr(const char* path, const char* name) MAYFLY_NOEXCEPT;
int mayfly_fremovexattr(int fd, const char* name) MAYFLY_NOEXCEPT;
/* f_bsize 4096; totals over all servers. */
int mayfly_statfs(struct statvfs* status) MAYFLY_NOEXCEPT;

/* How many servers the session has; 0 outside of a session. They are counted from 0. */
unsigned mayfly_server_count(void) MAYFLY_NOEXCEPT;
typedef struct mayfly_server_status {
  char node[256]; /* host name */
  unsigned long long capacity_bytes;
  unsigned long long used_bytes;
} mayfly_server_status;
/* Asks that server, so success says that it answers. EINVAL: there is none of that number; `node`
 * is filled in for any other. */
int mayfly_stat_server(unsigned server, mayfly_server_status* status) MAYFLY_NOEXCEPT;

/* What a server counts, and what this process does, as a JSON object (docs/statistics.md) that the
 * caller frees. Times of this process's requests are in it if MAYFLY_STATISTICS was set when it
 * joined: the name of a file, to which the object is appended as a line when the process leaves. */
char* mayfly_server_statistics(unsigned server) MAYFLY_NOEXCEPT;
char* mayfly_client_statistics(void) MAYFLY_NOEXCEPT;
/* What this process can put into a server's memory and get out of it, 1 MiB at a time; takes a
 * tenth of a second. 0: that memory cannot be reached one-sidedly. */
int mayfly_measure_server(unsigned server, unsigned long long* put_bytes_per_second,
                          unsigned long long* get_bytes_per_second) MAYFLY_NOEXCEPT;

typedef struct mayfly_dir mayfly_dir;
mayfly_dir* mayfly_opendir(const char* path) MAYFLY_NOEXCEPT;
/* The descriptor becomes the stream's. */
mayfly_dir* mayfly_fdopendir(int fd) MAYFLY_NOEXCEPT;
/* Gives "." and ".." first. NULL with errno unchanged at the end. Valid until the next call. What
 * is there from the first call to the last is given exactly once, whatever comes and goes. */
struct dirent* mayfly_readdir(mayfly_dir* directory) MAYFLY_NOEXCEPT;
/* The same, and in *status what mayfly_lstat says of the entry; a fraction of its cost. */
struct dirent* mayfly_readdir_plus(mayfly_dir* directory, struct stat* status) MAYFLY_NOEXCEPT;
/* A position stays good as long as the directory is there, in other streams and processes too. */
long mayfly_telldir(mayfly_dir* directory) MAYFLY_NOEXCEPT;
void mayfly_seekdir(mayfly_dir* directory, long position) MAYFLY_NOEXCEPT;
void mayfly_rewinddir(mayfly_dir* directory) MAYFLY_NOEXCEPT;
int mayfly_closedir(mayfly_dir* directory) MAYFLY_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif /* MAYFLY_MAYFLY_H */
