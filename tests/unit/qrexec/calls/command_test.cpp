// Command strings (qrexec.md 10).
#include "qrexec/service/command.h"

#include <gtest/gtest.h>

namespace bh::qrexec {
namespace {

TEST(Command, ShellLineKeepsEverythingAfterTheUser) {
  auto const command = parse_vm_command("user:echo a:b  c");
  ASSERT_TRUE(command.ok());
  EXPECT_EQ(command->user, "user");
  EXPECT_FALSE(command->nogui);
  EXPECT_EQ(std::get<ShellLine>(command->what).line, "echo a:b  c");
}

TEST(Command, ServiceCallWithTarget) {
  auto const command = parse_vm_command("root:nogui:QUBESRPC svc+a+b src name dst");
  ASSERT_TRUE(command.ok());
  EXPECT_TRUE(command->nogui);
  auto const& call = std::get<ServiceCall>(command->what);
  EXPECT_EQ(call.descriptor, "svc+a+b");
  EXPECT_EQ(call.name, "svc");
  EXPECT_EQ(call.argument, "a+b");
  EXPECT_EQ(call.source, "src");
  EXPECT_EQ(call.target_type, "name");
  EXPECT_EQ(call.target, "dst");
  EXPECT_EQ(call.header, "svc+a+b src name dst");
}

TEST(Command, NoPlusIsNotAnEmptyArgument) {
  EXPECT_FALSE(std::get<ServiceCall>(parse_vm_command("u:QUBESRPC svc src")->what).argument.has_value());
  EXPECT_EQ(std::get<ServiceCall>(parse_vm_command("u:QUBESRPC svc+ src")->what).argument, "");
}

TEST(Command, BadOnesAreRefused) {
  EXPECT_EQ(parse_vm_command("echo").error(), CommandError::no_user);
  EXPECT_EQ(parse_vm_command(":echo").error(), CommandError::no_user);
  EXPECT_EQ(parse_vm_command("u:QUBESRPC").error(), CommandError::no_words);
  EXPECT_EQ(parse_vm_command("u:QUBESRPCx y").error(), CommandError::no_words);
  for (char const* text : {"u:QUBESRPC svc", "u:QUBESRPC svc src name", "u:QUBESRPC svc src name dst more", "u:QUBESRPC svc src name "}) {
    EXPECT_EQ(parse_vm_command(text).error(), CommandError::wrong_word_count) << text;
  }
  for (char const* text : {"u:QUBESRPC  src", "u:QUBESRPC +a src", "u:QUBESRPC ../svc src", "u:QUBESRPC .. src", "u:QUBESRPC svc+../x src"}) {
    EXPECT_EQ(parse_vm_command(text).error(), CommandError::bad_descriptor) << text;
  }
  EXPECT_EQ(parse_vm_command("u:QUBESRPC svc ").error(), CommandError::bad_source);
}

TEST(Command, NamesHaveAtMost255Characters) {
  EXPECT_TRUE(parse_vm_command("u:QUBESRPC " + std::string(255, 'n') + " src").ok());
  EXPECT_FALSE(parse_vm_command("u:QUBESRPC " + std::string(256, 'n') + " src").ok());
  EXPECT_TRUE(parse_vm_command("u:QUBESRPC n+" + std::string(64998, 'a') + " src").ok());
  EXPECT_FALSE(parse_vm_command("u:QUBESRPC n+" + std::string(64999, 'a') + " src").ok());
}

TEST(Command, Dom0HasNoUser) {
  EXPECT_EQ(std::get<ServiceCall>(parse_dom0_command("QUBESRPC svc+ src")->what).name, "svc");
  EXPECT_EQ(std::get<ServiceCall>(parse_dom0_command("DEFAULT:nogui:QUBESRPC svc+ src")->what).name, "svc");
}

}  // namespace
}  // namespace bh::qrexec
