#include "hypervisor/memory/admission.h"

#include <gtest/gtest.h>

namespace bh::memory {
namespace {

Mebibytes mib(std::uint32_t value) { return Mebibytes(value); }

TEST(Admission, AQubeThatFitsBesideAllPromisesIsAdmitted) {
  EXPECT_TRUE(std::holds_alternative<Admitted>(admit("work", mib(400), {mib(8192), mib(4000)}, {})));
  // 4000 free, 1024 kept, 2000 promised and not yet taken: 976 are left.
  std::vector<QubeMemory> const running{{"big", mib(3000), mib(3000), mib(3000), mib(1000)}};
  EXPECT_TRUE(std::holds_alternative<Admitted>(admit("work", mib(848), {mib(8192), mib(4000)}, running)));
  EXPECT_TRUE(std::holds_alternative<Refused>(admit("work", mib(849), {mib(8192), mib(4000)}, running)));
}

TEST(Admission, WhatWasLentIsTakenBackForIt) {
  std::vector<QubeMemory> const running{{"big", mib(400), mib(4000), mib(4000), mib(3000)}};
  auto const answer = admit("work", mib(400), {mib(8192), mib(1100)}, running);
  ASSERT_TRUE(std::holds_alternative<AfterReclaim>(answer));
  EXPECT_EQ(std::get<AfterReclaim>(answer).wanted, mib(528));
}

TEST(Admission, ARefusalSaysWhoHoldsWhatTheLargestFirst) {
  std::vector<QubeMemory> const running{{"mail", mib(400), mib(400), mib(400), mib(390)}, {"media", mib(6000), mib(6000), mib(6000), mib(5000)}};
  auto const answer = admit("work", mib(400), {mib(8192), mib(1100)}, running);
  ASSERT_TRUE(std::holds_alternative<Refused>(answer));
  auto const& text = std::get<Refused>(answer).account;
  for (auto const* part : {"start work", "needs 528 MiB", "0 MiB can be given", "host's 8192 MiB", "programs use 1702 MiB", "1024 MiB are kept", "hold 5390 MiB",
                           "media 5000 MiB of 6000 MiB promised, mail 390 MiB of 400 MiB promised", "Shut down"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " in: " << text;
  }
}

TEST(Admission, ManyQubesAreNotAllNamed) {
  std::vector<QubeMemory> running;
  for (int i = 0; i < 40; ++i) running.push_back({"qube" + std::to_string(i), mib(400), mib(400), mib(400), mib(400)});
  auto const answer = admit("work", mib(400), {mib(20000), mib(1100)}, running);
  ASSERT_TRUE(std::holds_alternative<Refused>(answer));
  EXPECT_NE(std::get<Refused>(answer).account.find("and 32 more"), std::string::npos);
  EXPECT_LT(std::get<Refused>(answer).account.size(), 1000U);
}

TEST(Admission, ASmallHostKeepsASmallReserve) {
  EXPECT_EQ(dom0_reserve({mib(2048), mib(0)}), mib(256));
  EXPECT_EQ(dom0_reserve({mib(65536), mib(0)}), mib(1024));
  EXPECT_TRUE(std::holds_alternative<Admitted>(admit("work", mib(400), {mib(2048), mib(800)}, {})));
}

}  // namespace
}  // namespace bh::memory
