// Requests that wait for a decision: answered once, refused if nobody answered.
#include "qrexec/daemon/pending_requests.h"

#include <gtest/gtest.h>

namespace bh::qrexec {
namespace {

Ident ident(std::string const& text) { return *Ident::parse(text); }

TEST(PendingRequests, AnsweredOnce) {
  PendingRequests requests;
  requests.add(ident("a"), 10);
  EXPECT_TRUE(requests.has(ident("a")));
  EXPECT_TRUE(requests.answer(ident("a")));
  EXPECT_FALSE(requests.answer(ident("a")));
  EXPECT_FALSE(requests.worker_ended(10).has_value());
}

TEST(PendingRequests, AnEndedWorkerLeavesItsRequestToBeRefused) {
  PendingRequests requests;
  requests.add(ident("a"), 10);
  EXPECT_EQ(requests.worker_ended(10), ident("a"));
  EXPECT_FALSE(requests.answer(ident("a")));
  EXPECT_FALSE(requests.worker_ended(10).has_value());
}

TEST(PendingRequests, AnOldWorkerDoesNotRefuseANewRequestOfTheSameId) {
  PendingRequests requests;
  requests.add(ident("a"), 10);
  requests.answer(ident("a"));
  requests.add(ident("a"), 11);
  EXPECT_FALSE(requests.worker_ended(10).has_value());
  EXPECT_TRUE(requests.has(ident("a")));
}

TEST(PendingRequests, FullAt256Workers) {
  PendingRequests requests;
  for (int i = 0; i < 256; ++i) {
    EXPECT_FALSE(requests.full());
    requests.add(ident(std::to_string(i)), 100 + i);
  }
  EXPECT_TRUE(requests.full());
  requests.answer(ident("0"));
  EXPECT_TRUE(requests.full());  // its worker still runs
  requests.worker_ended(100);
  EXPECT_FALSE(requests.full());
}

TEST(PendingRequests, AbandonTellsWhoStillDecides) {
  PendingRequests requests;
  requests.add(ident("a"), 10);
  requests.add(ident("b"), 11);
  requests.answer(ident("a"));
  EXPECT_EQ(requests.abandon(), std::vector<int>{11});
  EXPECT_FALSE(requests.has(ident("b")));
}

}  // namespace
}  // namespace bh::qrexec
