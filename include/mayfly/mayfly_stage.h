/* MayflyFS: copies into a session and out of it, and checkpoint sets, for programs.
 *
 * As mayfly stage-in, stage-out and checkpoint do it (docs/staging.md, docs/checkpoints.md). The
 * process has joined the session. Functions return -1 (or NULL) and set errno; names of files that
 * could not be copied go to stderr, a line each. All are thread-safe.
 */
#ifndef MAYFLY_STAGE_H
#define MAYFLY_STAGE_H

#include "mayfly/mayfly.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mayfly_stage_options {
  unsigned threads;                    /* files copied at once; 0: 4 */
  unsigned long long bytes_per_second; /* at the most; 0: no limit */
  int by_clients;                      /* this process moves the bytes, not the servers */
  int deletes;                         /* what the destination has and the source has not */
} mayfly_stage_options;

/* Copies `from` (a file or a tree; one that ends with a slash: what is in it) into the directory
 * `to`, with its manifest. What a call before has copied is left alone. NULL: default options. EIO:
 * something could not be copied; the rest is there. */
int mayfly_stage_in(const char* from, const char* to,
                    const mayfly_stage_options* options) MAYFLY_NOEXCEPT;
int mayfly_stage_out(const char* from, const char* to,
                     const mayfly_stage_options* options) MAYFLY_NOEXCEPT;

/* A set is begun, written, closed and committed by any number of ranks. All begin it by its name
 * and get the directory to write to in `path` (ERANGE: longer than `bytes`); it appears, as a
 * whole, once `ranks` of them have committed, which is when each call returns. Sets are in
 * /checkpoints. EEXIST: a complete one has that name. ECANCELED: it was dropped meanwhile. EINVAL:
 * no name. */
int mayfly_checkpoint_begin(const char* name, char* path, size_t bytes) MAYFLY_NOEXCEPT;
int mayfly_checkpoint_commit(const char* name, unsigned ranks) MAYFLY_NOEXCEPT;
/* The complete sets, the newest first: a line each, which the caller frees. */
char* mayfly_checkpoint_list(void) MAYFLY_NOEXCEPT;
/* Where the complete set `name` is (NULL: the newest). It is copied back from `from`, where sets
 * were drained to, if it is not in the session (NULL: it must be). By one rank. ENOENT: none. */
int mayfly_checkpoint_restore(const char* name, const char* from, char* path,
                              size_t bytes) MAYFLY_NOEXCEPT;
int mayfly_checkpoint_drop(const char* name) MAYFLY_NOEXCEPT;
/* Drops the oldest complete sets beyond `count`; where sets are drained, only those that have been.
 */
int mayfly_checkpoint_keep(unsigned count) MAYFLY_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif /* MAYFLY_STAGE_H */
