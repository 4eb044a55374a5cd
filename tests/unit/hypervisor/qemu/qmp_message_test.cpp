// A QEMU that was taken over says what it likes.
#include "hypervisor/qemu/qmp_message.h"

#include <gtest/gtest.h>

#include "hypervisor/qemu/qmp_command.h"

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

TEST(QmpMessage, NamesInEventsAreNamesOrNothing) {
  auto const device = [](std::string const& text) { return as<QmpEvent>(R"({"event": "DEVICE_DELETED", "data": {"device": ")" + text + "\"}}").subject; };
  EXPECT_EQ(device("card0"), "card0");
  EXPECT_EQ(device(std::string(64, 'a')).size(), 64U);
  EXPECT_EQ(device(std::string(65, 'a')), "");
  EXPECT_EQ(device("card 0"), "");
  EXPECT_EQ(device("card0\\u001b"), "");
  EXPECT_EQ(as<QmpEvent>(R"({"event": "DEVICE_DELETED", "data": {"device": 7}})").subject, "");
  EXPECT_EQ(as<QmpEvent>(R"({"event": "DEVICE_DELETED", "data": 7})").subject, "");
}

TEST(QmpMessage, ReadsEventsOfDisksBalloonAndTransfers) {
  auto const disk = as<QmpEvent>(R"({"event": "BLOCK_IO_ERROR", "data": {"device": "", "node-name": "private", "operation": "write", "action": "stop", "nospace": true, "reason": "No space left on device"}})");
  EXPECT_EQ(disk.kind, QmpEventKind::disk_error);
  EXPECT_EQ(disk.subject, "private");
  EXPECT_TRUE(disk.no_space && disk.stopped);
  EXPECT_FALSE(as<QmpEvent>(R"({"event": "BLOCK_IO_ERROR", "data": {"nospace": 1, "action": ["stop"]}})").stopped);
  EXPECT_EQ(as<QmpEvent>(R"({"event": "BALLOON_CHANGE", "data": {"actual": 4096}})").bytes, 4096U);
  EXPECT_EQ(as<QmpEvent>(R"({"event": "BALLOON_CHANGE", "data": {"actual": -1}})").bytes, 0U);
  EXPECT_EQ(as<QmpEvent>(R"({"event": "MIGRATION", "data": {"status": "completed"}})").kind, QmpEventKind::transfer_done);
  EXPECT_EQ(as<QmpEvent>(R"({"event": "MIGRATION", "data": {"status": "failed"}})").kind, QmpEventKind::transfer_failed);
  EXPECT_EQ(as<QmpEvent>(R"({"event": "MIGRATION", "data": {"status": "active"}})").kind, QmpEventKind::other);
  EXPECT_EQ(as<QmpReturn>(R"({"return": {"status": "inmigrate"}, "id": 1})").run_state, RunState::incoming);
}

TEST(QmpCommand, IsALineOfJson) {
  EXPECT_EQ(to_line(command::plain("stop"), 5), "{\"execute\":\"stop\",\"id\":5}\n");
  EXPECT_EQ(to_line(command::migrate_to("state"), 6), "{\"arguments\":{\"uri\":\"fd:state\"},\"execute\":\"migrate\",\"id\":6}\n");
  EXPECT_EQ(to_line(command::close_fd("a\"}\n"), 7), "{\"arguments\":{\"fdname\":\"a\\\"}\\n\"},\"execute\":\"closefd\",\"id\":7}\n") << "a text stays a text";
}

}  // namespace
}  // namespace bh::qemu
