// The one number we change in a saved state, and everything that looks like it and is not.
#include "hypervisor/qemu/saved_state.h"

#include <gtest/gtest.h>

namespace bh::qemu {
namespace {

constexpr std::uint64_t kSize = 1 << 20;

void put(Bytes& out, std::uint64_t value, int width) {
  for (int i = width - 1; i >= 0; --i) out.push_back(static_cast<std::byte>(value >> (8 * i) & 0xFF));
}
void put_block(Bytes& out, std::string const& name, std::uint64_t size, std::uint64_t address) {
  put(out, name.size(), 1);
  for (char const c : name) out.push_back(static_cast<std::byte>(c));
  put(out, size, 8);
  put(out, address, 8);
}

struct State {
  State() {
    put(bytes, 0x5145564D, 4);
    put(bytes, 3, 4);
    put(bytes, 0x1122334455667788, 8);
    put_block(bytes, "pc.ram", 400 << 20, 0);
  }
  State& block(std::string const& name, std::uint64_t size, std::uint64_t address) {
    put_block(bytes, name, size, address);
    return *this;
  }
  State& tail(std::size_t count) {
    bytes.insert(bytes.end(), count, std::byte{0xAB});
    return *this;
  }
  Bytes bytes;
};

TEST(SavedState, AddressOfTheWindowMemoryBecomesZeroAndNothingElseChanges) {
  Bytes const expected = State().block("0000:00:04.0/window-memory", kSize, 0).block("/rom@etc/acpi/tables", kSize, 0xFE000000).tail(1000).bytes;
  Bytes state = State().block("0000:00:04.0/window-memory", kSize, 0xFC000000).block("/rom@etc/acpi/tables", kSize, 0xFE000000).tail(1000).bytes;
  ASSERT_TRUE(unplace_window_memory(state, ByteCount(kSize)).ok());
  EXPECT_EQ(state, expected);
}

TEST(SavedState, MachineWithoutWindowMemoryStaysAsItIs) {
  Bytes state = State().tail(100).bytes;
  Bytes const before = state;
  EXPECT_TRUE(unplace_window_memory(state, ByteCount(0)).ok());
  EXPECT_EQ(state, before);
  EXPECT_FALSE(unplace_window_memory(state, ByteCount(kSize)).ok());
}

TEST(SavedState, WhatOnlyLooksLikeItIsNotTouched) {
  for (auto bytes : {State().block("/window-memory", kSize * 2, 0xFC000000).bytes,           // another size
                     State().block("/window-memory-2", kSize, 0xFC000000).bytes,             // another name
                     State().block("/window-memory", kSize, 0xFC000001).bytes,               // no place for a BAR
                     State().block("a b/window-memory", kSize, 0xFC000000).bytes}) {          // no name
    bytes.insert(bytes.end(), 64, std::byte{0});
    Bytes const before = bytes;
    EXPECT_FALSE(unplace_window_memory(bytes, ByteCount(kSize)).ok());
    EXPECT_EQ(bytes, before);
  }
}

TEST(SavedState, TwoOfThemAreOneTooMany) {
  Bytes state = State().block("a/window-memory", kSize, kSize).block("b/window-memory", kSize, kSize).bytes;
  EXPECT_FALSE(unplace_window_memory(state, ByteCount(kSize)).ok());
}

TEST(SavedState, CutShortAnywhereIsNoFaultOfOurs) {
  Bytes const whole = State().block("0000:00:04.0/window-memory", kSize, 0xFC000000).bytes;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    Bytes part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(unplace_window_memory(part, ByteCount(kSize)).ok()) << size;
  }
}

TEST(SavedState, OtherStreamsAreRefused) {
  Bytes state = State().block("/window-memory", kSize, 0).bytes;
  state[0] = std::byte{'X'};
  EXPECT_FALSE(unplace_window_memory(state, ByteCount(kSize)).ok());
  state = State().block("/window-memory", kSize, 0).bytes;
  state[7] = std::byte{4};
  EXPECT_FALSE(unplace_window_memory(state, ByteCount(kSize)).ok());
}

}  // namespace
}  // namespace bh::qemu
