// aio_read(3) and its like, on files of ours: done at once, as POSIX allows. What has been done is
// where the C library's aio_error, aio_return and aio_suspend look for it.
#include <aio.h>
#include <pthread.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <memory>

#include "shim/descriptor.h"
#include "shim/real.h"

using namespace mayfly::shim;

namespace {

struct Callback {
  void (*function)(sigval);
  sigval value;
};

void* run_callback(void* given) {
  const std::unique_ptr<Callback> callback(static_cast<Callback*>(given));
  callback->function(callback->value);
  return nullptr;
}

void notify(const sigevent& event) {
  if (event.sigev_notify == SIGEV_SIGNAL) {
    ::sigqueue(::getpid(), event.sigev_signo, event.sigev_value);
  } else if (event.sigev_notify == SIGEV_THREAD && event.sigev_notify_function != nullptr) {
    auto* const callback = new Callback{event.sigev_notify_function, event.sigev_value};
    pthread_t thread{};
    if (::pthread_create(&thread, nullptr, run_callback, callback) == 0) {
      ::pthread_detach(thread);
    } else {
      delete callback;
    }
  }
}

int finish(aiocb* operation, ssize_t result) {
  operation->__error_code = result < 0 ? errno : 0;
  operation->__return_value = result;
  notify(operation->aio_sigevent);
  return 0;
}

ssize_t transfer(const aiocb* operation) {
  auto* const buffer = const_cast<void*>(operation->aio_buf);
  return operation->aio_lio_opcode == LIO_READ
             ? ::pread(operation->aio_fildes, buffer, operation->aio_nbytes, operation->aio_offset)
             : ::pwrite(operation->aio_fildes, buffer, operation->aio_nbytes,
                        operation->aio_offset);
}

int start(aiocb* operation, int opcode) {
  operation->aio_lio_opcode = opcode;
  return finish(operation, transfer(operation));
}

}  // namespace

MAYFLY_EXPORT int aio_read(aiocb* operation) noexcept {
  return is_ours(operation->aio_fildes) ? start(operation, LIO_READ)
                                        : MAYFLY_REAL(aio_read)(operation);
}
MAYFLY_SAME(aio_read64, aio_read);

MAYFLY_EXPORT int aio_write(aiocb* operation) noexcept {
  return is_ours(operation->aio_fildes) ? start(operation, LIO_WRITE)
                                        : MAYFLY_REAL(aio_write)(operation);
}
MAYFLY_SAME(aio_write64, aio_write);

MAYFLY_EXPORT int aio_fsync(int kind, aiocb* operation) noexcept {
  if (!is_ours(operation->aio_fildes)) return MAYFLY_REAL(aio_fsync)(kind, operation);
  return finish(operation, ::fsync(operation->aio_fildes));
}
MAYFLY_SAME(aio_fsync64, aio_fsync);

MAYFLY_EXPORT int lio_listio(int mode, aiocb* const list[], int count, sigevent* event) noexcept {
  bool any_ours = false;
  for (int entry = 0; entry < count; ++entry) {
    any_ours = any_ours || (list[entry] != nullptr && is_ours(list[entry]->aio_fildes));
  }
  if (!any_ours) return MAYFLY_REAL(lio_listio)(mode, list, count, event);
  bool all_well = true;
  for (int entry = 0; entry < count; ++entry) {
    aiocb* const operation = list[entry];
    if (operation == nullptr || operation->aio_lio_opcode == LIO_NOP) continue;
    finish(operation, transfer(operation));
    all_well = all_well && operation->__error_code == 0;
  }
  if (mode == LIO_NOWAIT && event != nullptr) notify(*event);
  if (all_well) return 0;
  errno = EIO;
  return -1;
}
MAYFLY_SAME(lio_listio64, lio_listio);
