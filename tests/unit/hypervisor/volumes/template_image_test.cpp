// A template's manifest is believed only inside its folder.
#include "hypervisor/volumes/template_image.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/temp_dir.h"

namespace bh::volumes {
namespace {

constexpr char const* kGood =
    R"({"format":1,"name":"debian-12","root":"root.img","kernel":"vmlinux","initrd":"initrd.img","cmdline":"quiet","hash":"abc"})";

std::string with(std::string_view from, std::string_view to) {
  std::string text = kGood;
  text.replace(text.find(from), from.size(), to);
  return text;
}

TEST(TemplateImage, ReadsAManifest) {
  auto const image = parse_manifest(kGood, "/t/debian-12");
  ASSERT_TRUE(image.ok());
  EXPECT_EQ(image->name, "debian-12");
  EXPECT_EQ(image->root, "/t/debian-12/root.img");
  EXPECT_EQ(image->kernel, "/t/debian-12/vmlinux");
  EXPECT_EQ(image->initrd, "/t/debian-12/initrd.img");
  EXPECT_EQ(image->cmdline, "quiet");
  EXPECT_EQ(image->hash, "abc");
}

TEST(TemplateImage, FileNamesCannotLeaveTheFolder) {
  for (char const* name : {"\"../root.img\"", "\"/etc/shadow\"", "\"a/b\"", "\"..\"", "\"\"", "\"a\\u0000b\"", "7"}) {
    EXPECT_FALSE(parse_manifest(with("\"root.img\"", name), "/t").ok()) << name;
  }
}

TEST(TemplateImage, BrokenManifestsAreErrors) {
  for (char const* text : {"", "{", "[]", "7", "null"}) EXPECT_FALSE(parse_manifest(text, "/t").ok()) << text;
  EXPECT_FALSE(parse_manifest(with("\"format\":1", "\"format\":2"), "/t").ok());
  EXPECT_FALSE(parse_manifest(with("\"format\":1,", ""), "/t").ok());
  EXPECT_FALSE(parse_manifest(std::string(65537, ' '), "/t").ok());
}

TEST(TemplateImage, MissingFileIsNamed) {
  auto const temp = TempDir::create("bh-template");
  ASSERT_TRUE(temp.ok());
  std::ofstream(temp->path() / "manifest.json") << kGood;
  for (char const* file : {"root.img", "vmlinux"}) std::ofstream(temp->path() / file) << "x";
  auto const missing = open_template(temp->path());
  ASSERT_FALSE(missing.ok());
  EXPECT_NE(missing.error().message.find("initrd.img is missing"), std::string::npos) << missing.error().message;
  std::ofstream(temp->path() / "initrd.img") << "x";
  EXPECT_TRUE(open_template(temp->path()).ok());
}

}  // namespace
}  // namespace bh::volumes
