// Names: what a VM writes is cleaned or refused before anybody judges or uses it (qrexec.md 4, SECURITY R21).
#include "qrexec/protocol/names.h"

#include <gtest/gtest.h>

#include <cstring>

namespace bh::qrexec {
namespace {

RawIdent raw(std::string_view text) {
  RawIdent ident{};
  std::memcpy(ident.data(), text.data(), std::min(text.size(), ident.size()));
  return ident;
}

TEST(ServiceDescriptor, ReplacesWhatIsNotAllowedAndKeepsTheRest) {
  EXPECT_EQ(ServiceDescriptor::sanitise("qubes.Copy_1-x+arg+more")->text(), "qubes.Copy_1-x+arg+more");
  EXPECT_EQ(ServiceDescriptor::sanitise("a$(rm) /..\n@b")->text(), "a__rm___..__b");
  EXPECT_EQ(ServiceDescriptor::sanitise("s\xC3\xA9")->text(), "s__");
}

TEST(ServiceDescriptor, RefusesEmptyNames) {
  EXPECT_EQ(ServiceDescriptor::sanitise("").error(), BadName::empty);
  EXPECT_EQ(ServiceDescriptor::sanitise("+arg").error(), BadName::empty);
  EXPECT_EQ(ServiceDescriptor::sanitise(std::string_view("a\0b", 3)).error(), BadName::inner_nul);
}

TEST(ServiceDescriptor, HasItsLimitAt64999) {
  EXPECT_TRUE(ServiceDescriptor::sanitise(std::string(64999, 'a')).ok());
  EXPECT_EQ(ServiceDescriptor::sanitise(std::string(65000, 'a')).error(), BadName::too_long);
}

TEST(ServiceDescriptor, AppendsThePlusOnce) {
  EXPECT_EQ(ServiceDescriptor::sanitise("s")->with_plus(), "s+");
  EXPECT_EQ(ServiceDescriptor::sanitise("s+")->with_plus(), "s+");
  EXPECT_EQ(ServiceDescriptor::sanitise("s+a")->with_plus(), "s+a");
}

TEST(TargetName, EndsAtTheFirstNulAndLosesItsLastByte) {
  std::array<std::byte, 64> field{};
  std::memset(field.data(), 'x', field.size());
  EXPECT_EQ(TargetName::sanitise(field).text(), std::string(63, 'x'));
  field[4] = std::byte{0};
  EXPECT_EQ(TargetName::sanitise(field).text(), "xxxx");
  std::memcpy(field.data(), "@a:$/", 6);
  EXPECT_EQ(TargetName::sanitise(field).text(), "@a:__");
  EXPECT_EQ(TargetName::sanitise({}).text(), "");
}

TEST(Ident, WantsATerminatorAndOnlyZeroesAfterIt) {
  EXPECT_EQ(Ident::parse(raw("SOCKET11"))->text(), "SOCKET11");
  EXPECT_EQ(Ident::parse(raw(std::string(31, 'a')))->text().size(), 31U);
  EXPECT_EQ(Ident::parse(raw(std::string(32, 'a'))).error(), BadName::no_terminator);
  EXPECT_EQ(Ident::parse(raw(std::string_view("a\0b", 3))).error(), BadName::inner_nul);
  EXPECT_EQ(Ident::parse(raw("a/b")).error(), BadName::bad_character);
  EXPECT_EQ(Ident::parse(raw("a\nb")).error(), BadName::bad_character);
  EXPECT_TRUE(Ident::parse(raw("a b-c_d.e")).ok());
}

TEST(Ident, ComesBackAsTheSameBytes) { EXPECT_EQ(Ident::parse(raw("SOCKET7"))->raw(), raw("SOCKET7")); }

}  // namespace
}  // namespace bh::qrexec
