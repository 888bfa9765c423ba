/* AIORI backend for MayflyFS: IOR and mdtest by libmayfly itself, without the shim. See README.md.
 *
 * Paths are within the file system; those that begin with $MAYFLY_PREFIX ("/mayfly") are taken
 * without it, so that the same command line works through the shim. */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <errno.h>
#include <fcntl.h>
#include <mayfly/mayfly.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aiori-debug.h"
#include "aiori.h"
#include "ior.h"
#include "utilities.h"

/* Of files that this run makes; as mayfly_layout has them. */
typedef struct {
  char* chunk_size; /* "1m" */
  int stripe_count;
  int first_server;
  int use_layout;
} mayfly_options_t;

static aiori_xfer_hint_t* hints;

static const char* within(const char* path) {
  const char* prefix = getenv("MAYFLY_PREFIX");
  if (prefix == NULL) prefix = "/mayfly";
  size_t length = strlen(prefix);
  if (strncmp(path, prefix, length) != 0) return path;
  return path[length] == '\0' ? "/" : path[length] == '/' ? path + length : path;
}

/* A descriptor is a small integer; NULL stays for no file. */
static aiori_fd_t* as_file(int fd) { return (aiori_fd_t*)((size_t)fd + 1); }
static int descriptor_of(aiori_fd_t* file) { return (int)((size_t)file - 1); }

static option_help* get_options(aiori_mod_opt_t** made, aiori_mod_opt_t* defaults) {
  mayfly_options_t* options = calloc(1, sizeof *options);
  options->first_server = MAYFLY_ANY_SERVER;
  if (defaults != NULL) memcpy(options, defaults, sizeof *options);
  *made = (aiori_mod_opt_t*)options;
  option_help all[] = {{0, "mayfly.chunksize", "bytes of a chunk, as 1m", OPTION_OPTIONAL_ARGUMENT,
                        's', &options->chunk_size},
                       {0, "mayfly.stripecount", "servers per file; 0: all",
                        OPTION_OPTIONAL_ARGUMENT, 'd', &options->stripe_count},
                       {0, "mayfly.firstserver", "-1: any; -2: one on the own node",
                        OPTION_OPTIONAL_ARGUMENT, 'd', &options->first_server},
                       {0, "mayfly.layout", "use the three above, not the directory's", OPTION_FLAG,
                        'd', &options->use_layout},
                       LAST_OPTION};
  option_help* help = malloc(sizeof all);
  memcpy(help, all, sizeof all);
  return help;
}

/* Ranks that a split has made clients have joined before, and stay. */
static int has_joined;

static void initialize(aiori_mod_opt_t* options) {
  (void)options;
  has_joined = mayfly_join_session(NULL) == 0;
  if (has_joined || errno == EALREADY) return;
  ERRF("the session of $MAYFLY_SESSION cannot be joined: %s", strerror(errno));
}

static void finalize(aiori_mod_opt_t* options) {
  (void)options;
  if (has_joined && mayfly_leave() != 0 && errno != ENOTCONN)
    WARNF("mayfly_leave: %s", strerror(errno));
}

static void set_hints(aiori_xfer_hint_t* given) { hints = given; }

static int check_options(aiori_mod_opt_t* options) {
  const mayfly_options_t* mine = (const mayfly_options_t*)options;
  if (mine->stripe_count < 0) ERR("mayfly.stripecount must not be negative");
  return 0;
}

/* Not IOR_TRUNC: every task opens a shared file with it, also after another has begun to write. As
 * with the POSIX backend the file has been removed before. */
static int flags_of(int ior_flags) {
  int flags = 0;
  if (ior_flags & IOR_RDONLY) flags |= O_RDONLY;
  if (ior_flags & IOR_WRONLY) flags |= O_WRONLY;
  if (ior_flags & IOR_RDWR) flags |= O_RDWR;
  if (ior_flags & IOR_APPEND) flags |= O_APPEND;
  if (ior_flags & IOR_CREAT) flags |= O_CREAT;
  if (ior_flags & IOR_EXCL) flags |= O_EXCL;
  return flags;
}

static aiori_fd_t* open_with(char* path, int flags, aiori_mod_opt_t* options) {
  const mayfly_options_t* mine = (const mayfly_options_t*)options;
  mayfly_layout layout = {0, 0, MAYFLY_ANY_SERVER};
  if (hints != NULL && hints->dryRun) return as_file(0);
  if (mine->use_layout) {
    if (mine->chunk_size != NULL) layout.chunk_bytes = (size_t)string_to_bytes(mine->chunk_size);
    layout.stripe_count = (unsigned)mine->stripe_count;
    layout.first_server = mine->first_server;
  }
  int fd = mine->use_layout ? mayfly_open_striped(within(path), flags, 0664, &layout)
                            : mayfly_open(within(path), flags, 0664);
  if (fd < 0) ERRF("open(%s): %s", path, strerror(errno));
  return as_file(fd);
}

static aiori_fd_t* create_file(char* path, int ior_flags, aiori_mod_opt_t* options) {
  return open_with(path, flags_of(ior_flags) | O_CREAT, options);
}

static aiori_fd_t* open_file(char* path, int ior_flags, aiori_mod_opt_t* options) {
  return open_with(path, flags_of(ior_flags), options);
}

static int make_node(char* path) {
  int fd = mayfly_open(within(path), O_CREAT | O_EXCL | O_WRONLY, 0664);
  return fd < 0 ? -1 : mayfly_close(fd);
}

static void sync_file(aiori_fd_t* file, aiori_mod_opt_t* options) {
  (void)options;
  if (hints->dryRun) return;
  if (mayfly_fsync(descriptor_of(file)) != 0) WARNF("fsync: %s", strerror(errno));
}

/* All of it, as IOR wants, unless it asks for one attempt only. */
static IOR_offset_t transfer(int access, aiori_fd_t* file, IOR_size_t* buffer, IOR_offset_t length,
                             IOR_offset_t offset, aiori_mod_opt_t* options) {
  char* bytes = (char*)buffer;
  IOR_offset_t done = 0;
  if (hints->dryRun) return length;
  while (done < length) {
    size_t rest = (size_t)(length - done);
    ssize_t moved = access == WRITE
                        ? mayfly_pwrite(descriptor_of(file), bytes + done, rest, offset + done)
                        : mayfly_pread(descriptor_of(file), bytes + done, rest, offset + done);
    if (moved < 0) ERRF("%s: %s", access == WRITE ? "pwrite" : "pread", strerror(errno));
    done += moved;
    if (moved == 0 || hints->singleXferAttempt) break;
  }
  if (access == WRITE && hints->fsyncPerWrite) sync_file(file, options);
  return done;
}

static void close_file(aiori_fd_t* file, aiori_mod_opt_t* options) {
  (void)options;
  if (hints->dryRun) return;
  if (mayfly_close(descriptor_of(file)) != 0) ERRF("close: %s", strerror(errno));
}

static void remove_file(char* path, aiori_mod_opt_t* options) {
  (void)options;
  if (hints->dryRun) return;
  if (mayfly_unlink(within(path)) != 0) WARNF("unlink(%s): %s", path, strerror(errno));
}

static char* version(void) { return (char*)mayfly_version(); }

static IOR_offset_t file_size(aiori_mod_opt_t* options, char* path) {
  struct stat status;
  (void)options;
  if (hints->dryRun) return 0;
  if (mayfly_stat(within(path), &status) != 0) ERRF("stat(%s): %s", path, strerror(errno));
  return status.st_size;
}

static int file_system_status(const char* path, ior_aiori_statfs_t* status,
                              aiori_mod_opt_t* options) {
  struct statvfs all;
  (void)path;
  (void)options;
  if (mayfly_statfs(&all) != 0) return -1;
  status->f_bsize = all.f_bsize;
  status->f_blocks = all.f_blocks;
  status->f_bfree = all.f_bfree;
  status->f_bavail = all.f_bavail;
  status->f_files = all.f_files;
  status->f_ffree = all.f_ffree;
  return 0;
}

static int make_directory(const char* path, mode_t mode, aiori_mod_opt_t* options) {
  (void)options;
  return mayfly_mkdir(within(path), mode);
}

static int remove_directory(const char* path, aiori_mod_opt_t* options) {
  (void)options;
  return mayfly_rmdir(within(path));
}

static int rename_file(const char* from, const char* to, aiori_mod_opt_t* options) {
  (void)options;
  return mayfly_rename(within(from), within(to));
}

static int may_access(const char* path, int mode, aiori_mod_opt_t* options) {
  (void)options;
  return mayfly_access(within(path), mode);
}

static int status_of(const char* path, struct stat* status, aiori_mod_opt_t* options) {
  (void)options;
  return mayfly_stat(within(path), status);
}

static void sync_all(aiori_mod_opt_t* options) {
  (void)options;
  if (mayfly_sync() != 0) WARNF("sync: %s", strerror(errno));
}

ior_aiori_t mayfly_aiori = {
    .name = "MAYFLY",
    .name_legacy = NULL,
    .create = create_file,
    .mknod = make_node,
    .open = open_file,
    .xfer_hints = set_hints,
    .xfer = transfer,
    .close = close_file,
    .remove = remove_file,
    .get_version = version,
    .fsync = sync_file,
    .get_file_size = file_size,
    .statfs = file_system_status,
    .mkdir = make_directory,
    .rmdir = remove_directory,
    .access = may_access,
    .stat = status_of,
    .initialize = initialize,
    .finalize = finalize,
    .rename = rename_file,
    .get_options = get_options,
    .check_params = check_options,
    .sync = sync_all,
    .enable_mdtest = true,
};
