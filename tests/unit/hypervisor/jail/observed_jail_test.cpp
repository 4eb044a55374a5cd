#include "hypervisor/jail/observed_jail.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace bh::jail {
namespace {

std::string status(std::string const& uid, std::string const& capabilities, std::string const& seccomp, std::string const& numbers) {
  return "Name:\tqemu\nUid:\t" + uid + "\t0\t0\t0\nNSpid:\t" + numbers + "\nCapPrm:\t" + capabilities + "\nCapEff:\t" + capabilities + "\nCapBnd:\t" + capabilities +
         "\nNoNewPrivs:\t1\nSeccomp:\t" + seccomp + "\nSeccomp_filters:\t1\n";
}

TEST(ObservedJail, StatusIsRead) {
  auto const jailed = parse_process_status(status("1879048200", "0000000000000000", "2", "77\t1"));
  ASSERT_TRUE(jailed.ok());
  EXPECT_EQ(jailed->uid, 1879048200U);
  EXPECT_TRUE(jailed->filtered && jailed->no_new_privileges && jailed->no_capabilities && jailed->own_processes);
  auto const loose = parse_process_status(status("0", "000001ffffffffff", "0", "77"));
  ASSERT_TRUE(loose.ok());
  EXPECT_FALSE(loose->filtered || loose->no_capabilities || loose->own_processes);
}

TEST(ObservedJail, StatusThatLacksAnythingIsNoAnswer) {
  EXPECT_FALSE(parse_process_status("").ok());
  EXPECT_FALSE(parse_process_status("Uid:\t0\n").ok());
  EXPECT_FALSE(parse_process_status(status("x", "0", "2", "1")).ok());
  // A name that looks like a line.
  EXPECT_FALSE(parse_process_status("Name:\tUid:\t0\n").ok());
}

TEST(ObservedJail, AnOrdinaryProcessHasNone) {
  auto const own = observe_jail(::getpid());
  ASSERT_TRUE(own.ok()) << own.error().message;
  EXPECT_EQ(own->level, Level::none);
  EXPECT_FALSE(own->nothing_to_open);
  EXPECT_FALSE(observe_jail(0x7FFFFFFF).ok());
}

TEST(ObservedJail, WhatAProgramOfTheSameUserCanDoIsTried) {
  bool memory = false;
  for (auto const& reach : reach_of_own_user(::getpid(), "/no/such/folder")) {
    EXPECT_FALSE(reach.what.empty());
    if (reach.what.find("memory") != std::string::npos) memory = reach.possible;
    if (reach.what.find("socket") != std::string::npos) {
      EXPECT_FALSE(reach.possible) << reach.what;
    }
  }
  EXPECT_TRUE(memory);
}

}  // namespace
}  // namespace bh::jail
