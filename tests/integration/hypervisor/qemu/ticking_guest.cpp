#include "tests/integration/hypervisor/qemu/ticking_guest.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <sstream>

namespace bh::qemu::test {

namespace {

constexpr char const* kInit = R"(#!/bin/busybox sh
PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
while read -r module; do insmod "$module"; done < /modules/order
exec > /dev/ttyS0 2> /dev/null
until [ -b /dev/vda ] && [ -b /dev/vdb ]; do usleep 10000; done
printf SAVED-ON-ROOT-16 | dd of=/dev/vda bs=512 seek=2 conv=sync,fsync
i=0
while :; do
  i=$((i+1))
  read -r size < /sys/block/vdb/size
  head=-
  if [ "$size" != 4096 ]; then
    head=$(dd if=/dev/vdb bs=8 count=1)
    echo 1 > /proc/sys/vm/drop_caches
    dd if=/proc/sys/kernel/random/uuid of=/dev/vdb bs=512 seek=1 conv=sync,fsync
  fi
  marker=$(dd if=/dev/vda bs=16 skip=64 count=1)
  read -r uuid < /proc/sys/kernel/random/uuid
  echo "tick $i private $size $head root $marker uuid $uuid end"
  usleep 30000
done
)";

std::string cpio_entry(std::string const& name, unsigned mode, std::string const& content) {
  char head[111];
  std::snprintf(head, sizeof head, "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X", 1U, mode, 0U, 0U, 1U, 0U, static_cast<unsigned>(content.size()), 0U, 0U, 0U, 0U,
                static_cast<unsigned>(name.size() + 1), 0U);
  auto const padded = [](std::string text) { return text.append((4 - text.size() % 4) % 4, '\0'); };
  return padded(std::string(head) + name + '\0') + padded(content);
}

}  // namespace

void make_initrd_with(std::filesystem::path const& original, std::string const& init, std::filesystem::path const& file) {
  auto text = read_file(original, std::size_t{64} << 20);
  ASSERT_TRUE(text.ok()) << text.error().message;
  text->append((4 - text->size() % 4) % 4, '\0');
  // Of two files of one name the kernel keeps the later.
  ASSERT_TRUE(write_file_atomically(file, *text + cpio_entry("init", 0100755, init) + cpio_entry("TRAILER!!!", 0, "")).ok());
}

void make_ticking_initrd(std::filesystem::path const& original, std::filesystem::path const& file) { make_initrd_with(original, kInit, file); }

std::optional<Tick> last_tick(std::filesystem::path const& console) {
  std::ifstream file(console);
  std::optional<Tick> last;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    Tick tick;
    std::string word[5];
    if (words >> word[0] >> tick.count >> word[1] >> tick.private_sectors >> tick.private_head >> word[2] >> tick.root_marker >> word[3] >> tick.uuid >> word[4] && word[0] == "tick" &&
        word[4].starts_with("end")) {
      last = tick;
    }
  }
  return last;
}

}  // namespace bh::qemu::test
