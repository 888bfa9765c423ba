/* Signals that come while files are used. */
#define _GNU_SOURCE
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "say.h"

enum { kBlocks = 3000, kBlock = 4096, kTicks = 40, kJumps = 40 };

static volatile sig_atomic_t value, strangers, failures;
static atomic_int calls;
static int log_fd = -1;
static sigjmp_buf out;

static void count(int number) {
  (void)number;
  ++calls;
  if (gettid() != getpid()) ++strangers;
}

static void take_value(int number, siginfo_t* what, void* interrupted) {
  count(number);
  value = what->si_code == SI_QUEUE && what->si_pid == getpid() && interrupted != NULL
              ? what->si_value.sival_int
              : -1;
}

static void write_log(int number) {
  count(number);
  if (write(log_fd, "tick\n", 5) != 5) ++failures;
}

static void tick_each(long microseconds) {
  struct itimerval every = {{0, microseconds}, {0, microseconds}};
  setitimer(ITIMER_REAL, &every, NULL);
}

static void jump(int number) {
  count(number);
  if (calls == kJumps) tick_each(0);
  siglongjmp(out, 1);
}

static void fill(char* block, long number) { memset(block, 'a' + number % 26, kBlock); }

static void dispositions(void) {
  struct sigaction action, old;
  memset(&action, 0, sizeof action);
  say("default", signal(SIGTERM, count) == SIG_DFL);
  say("own", signal(SIGTERM, SIG_IGN) == count);
  say("ignored", signal(SIGTERM, SIG_DFL) == SIG_IGN);
  say("default", sigaction(SIGTERM, NULL, &old) == 0 && old.sa_handler == SIG_DFL);
  action.sa_sigaction = take_value;
  action.sa_flags = SA_SIGINFO | SA_RESETHAND | SA_NODEFER;
  sigaddset(&action.sa_mask, SIGHUP);
  say("set", sigaction(SIGUSR1, &action, &action));
  say("before", action.sa_handler == SIG_DFL);
  say("get", sigaction(SIGUSR1, NULL, &old));
  say("same", old.sa_sigaction == take_value && sigismember(&old.sa_mask, SIGHUP) == 1);
  say("flags", (old.sa_flags & ~0x04000000) == (int)(SA_SIGINFO | SA_RESETHAND | SA_NODEFER));
  say("queued", sigqueue(getpid(), SIGUSR1, (union sigval){.sival_int = 42}));
  say("value", value);
  say("reset", sigaction(SIGUSR1, NULL, &old) == 0 && old.sa_handler == SIG_DFL);
  say("siginterrupt", siginterrupt(SIGUSR2, 1));
  signal(SIGUSR2, count);
  say("interrupts", sigaction(SIGUSR2, NULL, &old) == 0 && (old.sa_flags & SA_RESTART) == 0);
  siginterrupt(SIGUSR2, 0);
  say("restarts", sigaction(SIGUSR2, NULL, &old) == 0 && (old.sa_flags & SA_RESTART) != 0);
  say("sigset", sigset(SIGUSR2, SIG_HOLD) == count);
  say("held", sigset(SIGUSR2, SIG_DFL) == SIG_HOLD);
  say("sigignore", sigignore(SIGUSR2));
  say("ignored", signal(SIGUSR2, SIG_DFL) == SIG_IGN);
  say("not to be handled", sigaction(SIGKILL, &action, NULL));
  say("no signal", sigaction(70, &action, NULL));
  say("no signal", signal(0, count) == SIG_ERR);
}

/* A handler writes to one file while another is written; it comes between no two bytes. */
static void ticks(int flags) {
  char block[kBlock], read_back[kBlock];
  log_fd = open("log", O_CREAT | O_TRUNC | O_RDWR, 0644);
  int fd = open("blocks", O_CREAT | O_TRUNC | O_RDWR, 0644);
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = write_log;
  action.sa_flags = flags;
  calls = strangers = failures = 0;
  sigaction(SIGALRM, &action, NULL);
  tick_each(500);
  long bad = 0, number = 0;
  for (; number < kBlocks || calls < kTicks; ++number) {
    fill(block, number);
    off_t at = number % kBlocks * kBlock;
    if (pwrite(fd, block, kBlock, at) != kBlock) ++bad;
    if (pread(fd, read_back, kBlock, at) != kBlock) ++bad;
    if (memcmp(block, read_back, kBlock) != 0) ++bad;
    int other = open("other", O_CREAT | O_WRONLY, 0644);
    if (other < 0 || close(other) != 0) ++bad;
  }
  tick_each(0);
  signal(SIGALRM, SIG_DFL);
  say("bad", bad);
  say("failed in the handler", failures);
  say("in threads of others", strangers);
  say("ticks in the log", lseek(log_fd, 0, SEEK_END) == 5 * (long)calls);
  close(fd);
  close(log_fd);
}

/* A handler that does not return leaves the files as usable as before. */
static void jumps(void) {
  char block[kBlock];
  int fd = open("blocks", O_RDWR);
  calls = 0;
  signal(SIGALRM, jump);
  volatile long number = 0;
  if (sigsetjmp(out, 1) == 0) tick_each(700);
  while (calls < kJumps) {
    fill(block, number);
    pwrite(fd, block, kBlock, number % kBlocks * kBlock);
    ++number;
  }
  signal(SIGALRM, SIG_DFL);
  /* One more may have been waiting as the clock was stopped. */
  say("jumps", calls >= kJumps);
  fill(block, 7);
  say("write", pwrite(fd, block, kBlock, 0));
  char first = 0;
  say("read", pread(fd, &first, 1, 0) == 1 && first == block[0]);
  close(fd);
}

/* What ends a process ends it, and its parent sees by what. */
static void ends(int number) {
  int ends[2];
  pipe(ends);
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    char block[kBlock] = "";
    int fd = open("of-child", O_CREAT | O_RDWR, 0644);
    for (;;) {
      write(ends[1], "r", 1);
      for (int each = 0; each < 50; ++each) pwrite(fd, block, kBlock, each * kBlock);
    }
  }
  char ready = 0;
  say("ready", read(ends[0], &ready, 1));
  kill(child, number);
  int status = wait_for(child);
  say("by a signal", WIFSIGNALED(status) && WTERMSIG(status) == number);
  close(ends[0]);
  close(ends[1]);
}

/* Nothing of the handlers goes along by exec, and what is ignored stays so. */
static void of_programs(void) {
  signal(SIGUSR1, SIG_IGN);
  signal(SIGUSR2, count);
  say("ignored", system("kill -USR1 $$"));
  pid_t child = fork();
  if (child == 0) {
    execlp("sh", "sh", "-c", "kill -USR2 $$", NULL);
    _exit(1);
  }
  say("ended", WTERMSIG(wait_for(child)) == SIGUSR2);
  signal(SIGUSR1, SIG_DFL);
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (chdir(getenv("D")) != 0) return 2;
  dispositions();
  close(open("first", O_CREAT | O_WRONLY, 0644));
  dispositions();
  ticks(SA_RESTART);
  ticks(SA_NODEFER);
  jumps();
  for (int number = 1; number < 16; ++number) {
    if (strchr("\x01\x02\x03\x0a\x0c\x0d\x0e\x0f", number) != NULL) ends(number);
  }
  ends(SIGRTMIN + 1);
  of_programs();
  return 0;
}
