#include "hypervisor/host/microcode_file.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/hypervisor/host/host_fixture.h"

namespace bh::host {
namespace {

Bytes intel_update(std::uint32_t revision, std::uint32_t signature, std::uint32_t flags, std::uint32_t total = 64) {
  ByteWriter out;
  out.u32_le(1).u32_le(revision).u32_le(0x01022024).u32_le(signature).u32_le(0).u32_le(1).u32_le(flags).u32_le(total == 0 ? 0 : 16).u32_le(total);
  std::size_t const size = total == 0 ? 2048 : total;
  while (out.size() < size) out.u8(0);
  return out.take();
}

Bytes amd_container(std::uint32_t signature, std::uint16_t equivalent, std::uint32_t revision) {
  ByteWriter out;
  out.u32_le(0x00414d44).u32_le(0).u32_le(32);
  out.u32_le(signature).u32_le(0).u32_le(0).u16_le(equivalent).u16_le(0);
  for (int i = 0; i < 16; ++i) out.u8(0);
  out.u32_le(1).u32_le(64);
  out.u32_le(0).u32_le(revision).u32_le(0).u32_le(0).u32_le(0).u32_le(0).u16_le(equivalent);
  for (int i = 0; i < 64 - 26; ++i) out.u8(0);
  return out.take();
}

Bytes joined(Bytes first, Bytes const& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

std::string text_of(Bytes const& bytes) { return std::string(as_text(bytes)); }

TEST(MicrocodeFile, SignatureIsCpuidsWord) {
  EXPECT_EQ(cpuid_signature(6, 154, 3), 0x906a3U);
  EXPECT_EQ(cpuid_signature(25, 80, 0), 0xa50f00U);
}

TEST(MicrocodeFile, IntelTakesTheNewestForSignatureAndPackage) {
  Bytes const file = joined(joined(intel_update(0x10, 0x906a3, 0x80), intel_update(0x20, 0x906a3, 0x01)), intel_update(0x99, 0x906a4, 0x80, 0));
  EXPECT_EQ(newest_intel_microcode(file, {0x906a3, 0x80}), 0x10U);
  EXPECT_EQ(newest_intel_microcode(file, {0x906a3, std::nullopt}), 0x20U);
  EXPECT_EQ(newest_intel_microcode(file, {0x906a4, 0x80}), 0x99U);
  EXPECT_EQ(newest_intel_microcode(file, {0x1, std::nullopt}), std::nullopt);
}

TEST(MicrocodeFile, AmdGoesThroughTheTableOfEquivalents) {
  Bytes const file = joined(amd_container(0xa50f00, 0xa500, 0xa500010), amd_container(0x870f10, 0x8710, 0x8701030));
  EXPECT_EQ(newest_amd_microcode(file, {0xa50f00, std::nullopt}), 0xa500010U);
  EXPECT_EQ(newest_amd_microcode(file, {0x870f10, std::nullopt}), 0x8701030U);
  EXPECT_EQ(newest_amd_microcode(file, {0x1, std::nullopt}), std::nullopt);
}

TEST(MicrocodeFile, EveryCutIsRefusedOrEmpty) {
  Bytes const intel = intel_update(0x10, 0x906a3, 0x80);
  for (std::size_t size = 0; size < intel.size(); ++size) EXPECT_EQ(newest_intel_microcode(ByteSpan(intel).first(size), {0x906a3, std::nullopt}), std::nullopt) << size;
  Bytes const amd = amd_container(0xa50f00, 0xa500, 1);
  for (std::size_t size = 0; size < amd.size(); ++size) EXPECT_EQ(newest_amd_microcode(ByteSpan(amd).first(size), {0xa50f00, std::nullopt}), std::nullopt) << size;
}

TEST(MicrocodeFile, ALengthThatLiesIsRefused) {
  Bytes const file = joined(intel_update(0x10, 0x906a3, 0x80, 64), Bytes(10));
  EXPECT_EQ(newest_intel_microcode(file, {0x906a3, std::nullopt}), std::nullopt);
  for (std::uint32_t const total : {1U, 47U, 65U, 0xFFFFFFFFU}) {
    Bytes lying = intel_update(0x10, 0x906a3, 0x80, 64);
    for (std::size_t i = 0; i < 4; ++i) lying[32 + i] = static_cast<std::byte>(total >> (8 * i));
    EXPECT_EQ(newest_intel_microcode(lying, {0x906a3, std::nullopt}), std::nullopt) << total;
  }
}

TEST(Hosts, InstalledMicrocodeThatIsNotLoadedIsBroken) {
  HostFixture host = HostFixture::intel();
  host.file("lib/firmware/intel-ucode/06-9a-03", text_of(intel_update(0x438, 0x906a3, 0x80))).file("sys/devices/system/cpu/cpu0/microcode/processor_flags", "0x80\n");
  EXPECT_EQ(host.troubles(), (std::map<std::string, Level>{{"microcode", Level::broken}}));
  EXPECT_NE(host.finding("microcode").to_do.find("update-initramfs"), std::string::npos);
  host.file("lib/firmware/intel-ucode/06-9a-03", text_of(intel_update(0x437, 0x906a3, 0x80)));
  EXPECT_EQ(host.troubles(), (std::map<std::string, Level>{}));
}

TEST(Hosts, AmdMicrocodeNewerThanLoadedIsBrokenAndNoPackageIsWeaker) {
  HostFixture host = HostFixture::amd();
  host.file("lib/firmware/amd-ucode/microcode_amd_fam19h.bin", text_of(amd_container(0xa50f00, 0xa500, 0xa500010)));
  EXPECT_EQ(host.troubles(), (std::map<std::string, Level>{{"microcode", Level::broken}}));
  host.remove("lib/firmware");
  EXPECT_EQ(host.troubles(), (std::map<std::string, Level>{{"microcode", Level::weaker}}));
}

TEST(Hosts, TheKernelsOwnWordOnOldMicrocodeCounts) {
  HostFixture host = HostFixture::amd();
  host.vulnerability("old_microcode", "Vulnerable");
  EXPECT_EQ(host.troubles(), (std::map<std::string, Level>{{"microcode", Level::broken}}));
}

}  // namespace
}  // namespace bh::host
