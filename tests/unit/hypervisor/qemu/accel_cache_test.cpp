// A cached answer holds for exactly what it was asked about.
#include "hypervisor/qemu/accel_cache.h"

#include <gtest/gtest.h>

namespace bh::qemu {
namespace {

AccelKey const kKey{"boot-1", "kernel-1", "QEMU 7.2"};
AccelAnswer const kAnswer{machine::Accel::kvm, "a kernel came up in 0.9 s"};

TEST(AccelCache, ReadsWhatItWrote) { EXPECT_EQ(parse_accel_cache(format_accel_cache(kKey, kAnswer), kKey), kAnswer); }

TEST(AccelCache, AnotherBootKernelOrQemuIsAnotherQuestion) {
  std::string const text = format_accel_cache(kKey, kAnswer);
  EXPECT_FALSE(parse_accel_cache(text, {"boot-2", "kernel-1", "QEMU 7.2"}).has_value());
  EXPECT_FALSE(parse_accel_cache(text, {"boot-1", "kernel-2", "QEMU 7.2"}).has_value());
  EXPECT_FALSE(parse_accel_cache(text, {"boot-1", "kernel-1", "QEMU 8"}).has_value());
}

TEST(AccelCache, DamagedFileIsNoAnswer) {
  std::string const text = format_accel_cache(kKey, kAnswer);
  for (std::size_t length = 0; length < text.size(); ++length) EXPECT_FALSE(parse_accel_cache(text.substr(0, length), kKey).has_value()) << length;
  EXPECT_FALSE(parse_accel_cache(text + "more\n", kKey).has_value());
  EXPECT_FALSE(parse_accel_cache("format=2\n" + text.substr(9), kKey).has_value());
  std::string other = text;
  other.replace(other.find("accel=kvm"), 9, "accel=xen");
  EXPECT_FALSE(parse_accel_cache(other, kKey).has_value());
}

TEST(AccelCache, TextsCannotForgeLines) {
  AccelKey const forged{"boot-1\naccel=kvm", "k", "q"};
  auto const back = parse_accel_cache(format_accel_cache(forged, {machine::Accel::tcg, "x\naccel=kvm"}), forged);
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->accel, machine::Accel::tcg);
}

}  // namespace
}  // namespace bh::qemu
