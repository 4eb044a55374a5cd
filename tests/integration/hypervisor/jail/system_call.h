// A system call straight, without libc's own ideas: 0 if it was done, else its errno.
#pragma once

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace bh::jail::test {

template <class... Arguments>
int call(long number, Arguments... arguments) {
  return ::syscall(number, arguments...) >= 0 ? 0 : errno;
}

}  // namespace bh::jail::test
