// A QEMU that was taken over says what it likes.
#include "hypervisor/qemu/qmp_message.h"

#include <gtest/gtest.h>

namespace bh::qemu {
namespace {

Result<QmpMessage, QmpFault> parse(std::string_view text) { return parse_qmp_message(Untrusted<std::string_view>(text)); }

template <class Kind>
Kind as(std::string_view text) {
  auto message = parse(text);
  if (!message || !std::holds_alternative<Kind>(*message)) {
    ADD_FAILURE() << text << " was read as something else";
    return Kind{};
  }
  return std::get<Kind>(*message);
}

TEST(QmpMessage, ReadsWhatQemuSays) {
  as<QmpGreeting>(R"({"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}, "package": "x"}, "capabilities": ["oob"]}})");
  EXPECT_EQ(as<QmpReturn>(R"({"return": {}, "id": 7})").id, 7U);
  EXPECT_EQ(as<QmpReturn>(R"({"return": {"status": "paused", "running": false}, "id": 1})").run_state, RunState::paused);
  EXPECT_EQ(as<QmpReturn>(R"({"return": {"status": "prelaunch"}, "id": 1})").run_state, RunState::other);
  EXPECT_EQ(as<QmpError>(R"({"id": 3, "error": {"class": "GenericError", "desc": "no"}})").text, "no");
  auto const end = as<QmpEvent>(R"({"timestamp": {"seconds": 1, "microseconds": 2}, "event": "SHUTDOWN", "data": {"guest": true, "reason": "guest-shutdown"}})");
  EXPECT_EQ(end.kind, QmpEventKind::shutdown);
  EXPECT_EQ(end.cause, ShutdownCause::guest_shutdown);
  EXPECT_EQ(as<QmpEvent>(R"({"event": "RTC_CHANGE"})").kind, QmpEventKind::other);
}

TEST(QmpMessage, WrongTypesAreRefusedOrIgnored) {
  for (char const* text : {"[]", "7", "null", "\"QMP\"", "{}", R"({"return": {}})", R"({"return": {}, "id": "1"})", R"({"return": {}, "id": -1})",
                           R"({"return": {}, "id": 1.5})", R"({"event": 7})", R"({"event": ""})"}) {
    EXPECT_FALSE(parse(text).ok()) << text;
  }
  EXPECT_FALSE(as<QmpReturn>(R"({"return": [], "id": 1})").run_state.has_value());
  EXPECT_FALSE(as<QmpReturn>(R"({"return": {"status": 7}, "id": 1})").run_state.has_value());
  EXPECT_EQ(as<QmpEvent>(R"({"event": "SHUTDOWN", "data": "guest-shutdown"})").cause, ShutdownCause::unknown);
  EXPECT_EQ(as<QmpError>(R"({"error": "text", "id": 1})").text, "");
}

TEST(QmpMessage, BrokenJsonIsAFault) {
  for (char const* text : {"", "{", "{\"a\":}", "hello", "{\"return\":{},\"id\":1}x", "\xff\xfe", "{\"event\":\"\xff\"}"}) {
    auto const message = parse(text);
    ASSERT_FALSE(message.ok()) << text;
    EXPECT_EQ(message.error(), QmpFault::not_json) << text;
  }
}

TEST(QmpMessage, NestingIsLimitedBeforeParsing) {
  auto const nested = [](int depth) {
    return R"({"event":"X","data":)" + std::string(static_cast<std::size_t>(depth - 1), '[') + std::string(static_cast<std::size_t>(depth - 1), ']') + "}";
  };
  EXPECT_TRUE(parse(nested(kMaxQmpNesting)).ok());
  auto const deep = parse(nested(kMaxQmpNesting + 1));
  ASSERT_FALSE(deep.ok());
  EXPECT_EQ(deep.error(), QmpFault::nested_too_deep);
  EXPECT_EQ(parse(std::string(60000, '[')).error(), QmpFault::nested_too_deep);
  EXPECT_TRUE(parse(R"({"event":"X","data":"[[[[[[[[[[[[[[[[[[[[[[\"[[[["})").ok());
}

TEST(QmpMessage, LengthIsLimited) {
  std::string const head = R"({"event":")";
  EXPECT_TRUE(parse(head + std::string(kMaxQmpLine - head.size() - 2, 'a') + "\"}").ok());
  EXPECT_EQ(parse(head + std::string(kMaxQmpLine - head.size() - 1, 'a') + "\"}").error(), QmpFault::line_too_long);
}

TEST(QmpMessage, TextsAreFitToBeShown) {
  auto const error = as<QmpError>("{\"id\":1,\"error\":{\"desc\":\"\\u001b[31mred\\nforged line " + std::string(1000, 'x') + "\"}}");
  EXPECT_EQ(error.text.find('\x1b'), std::string::npos);
  EXPECT_EQ(error.text.find('\n'), std::string::npos);
  EXPECT_LE(error.text.size(), 200U);
}

TEST(QmpMessage, CommandsAreLinesOfJson) { EXPECT_EQ(qmp_command("stop", 5), "{\"execute\":\"stop\",\"id\":5}\n"); }

}  // namespace
}  // namespace bh::qemu
