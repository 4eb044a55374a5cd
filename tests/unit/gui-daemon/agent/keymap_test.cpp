#include "gui-daemon/agent/core/keymap.h"

#include <gtest/gtest.h>

namespace bh::gui_agent {
namespace {

constexpr KeyCode kShiftLeft{50}, kShiftRight{62}, kControl{37}, kCapsLock{66}, kLetterA{38};
constexpr std::uint32_t kShift = 1, kLock = 2, kControlMask = 4, kMod2 = 16;

TEST(KeyboardLayout, HasUpToThreeParts) {
  EXPECT_EQ(*parse_keyboard_layout("de+nodeadkeys+ctrl:nocaps"), (KeymapNames{"de", "nodeadkeys", "ctrl:nocaps"}));
  EXPECT_EQ(*parse_keyboard_layout("us++"), (KeymapNames{"us", "", ""}));
  EXPECT_EQ(*parse_keyboard_layout("fr"), (KeymapNames{"fr", "", ""}));
  EXPECT_EQ(parse_keyboard_layout("")->layout, "us");
}

TEST(KeyboardLayout, NamesThatCouldBePathsOrTooLongAreRefused) {
  EXPECT_FALSE(parse_keyboard_layout("../../etc/passwd"));
  EXPECT_FALSE(parse_keyboard_layout("us+a/b"));
  EXPECT_FALSE(parse_keyboard_layout("u s"));
  EXPECT_TRUE(parse_keyboard_layout(std::string(128, 'a')));
  EXPECT_FALSE(parse_keyboard_layout(std::string(129, 'a')));
  EXPECT_FALSE(Keymap::compile({"us", "a\"b", ""}));
}

TEST(Keymap, IsCompiledFromNamesAndUnknownNamesAreAnError) {
  auto const german = Keymap::compile({"de", "", ""});
  ASSERT_TRUE(german);
  EXPECT_NE(german->text().find("udiaeresis"), std::string::npos);
  EXPECT_FALSE(Keymap::compile({"no-such-layout", "", ""}));
}

class Modifier : public ::testing::Test {
 protected:
  Keymap keymap = *Keymap::compile({"us", "", ""});
};

TEST_F(Modifier, AnXStateIsSplitIntoHeldAndLocked) {
  EXPECT_EQ(keymap.from_x_state(kShift | kLock | kMod2), (Modifiers{kShift, 0, kLock | kMod2, 0}));
  EXPECT_EQ(keymap.from_x_state(0x100 | kControlMask).depressed, kControlMask) << "buttons are no modifiers";
  EXPECT_EQ(keymap.from_x_state(2U << 13).group, 2U);
}

TEST_F(Modifier, APressAddsItsModifierAndALetterNone) {
  EXPECT_EQ(keymap.after_press({}, kShiftLeft).depressed, kShift);
  EXPECT_EQ(keymap.after_press({kShift, 0, 0, 0}, kControl).depressed, kShift | kControlMask);
  EXPECT_EQ(keymap.after_press({kShift, 0, 0, 0}, kLetterA).depressed, kShift);
  EXPECT_EQ(keymap.after_press({}, kCapsLock).locked, kLock);
}

TEST_F(Modifier, AReleaseTakesItAwayUnlessAnotherKeyHoldsIt) {
  EXPECT_EQ(keymap.after_release({kShift, 0, 0, 0}, kShiftLeft, {}).depressed, 0U);
  EXPECT_EQ(keymap.after_release({kShift, 0, 0, 0}, kShiftLeft, {kShiftRight.value}).depressed, kShift);
  EXPECT_EQ(keymap.after_release({kShift, 0, 0, 0}, kLetterA, {kShiftLeft.value}).depressed, kShift);
}

}  // namespace
}  // namespace bh::gui_agent
