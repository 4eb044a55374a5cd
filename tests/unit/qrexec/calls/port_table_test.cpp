// Data ports (qrexec.md 6).
#include "qrexec/daemon/port_table.h"

#include <gtest/gtest.h>

namespace bh::qrexec {
namespace {

constexpr DomainId kOwn{42};
std::uint32_t take(PortTable& table, DomainId other) { return table.reserve(other, table.new_client())->value(); }
CallAddress at(DomainId other, std::uint32_t port) { return {other, vchan::Port(port)}; }

TEST(PortTable, ParityFollowsTheOtherEnd) {
  PortTable table(kOwn);
  EXPECT_EQ(take(table, DomainId(43)), 514U);
  EXPECT_EQ(take(table, DomainId(43)), 516U);
  EXPECT_EQ(take(table, DomainId(7)), 513U);
  EXPECT_EQ(take(table, DomainId(7)), 515U);
  EXPECT_EQ(take(table, kDom0), 517U);
  EXPECT_EQ(take(table, kDom0), 518U);
  EXPECT_EQ(take(table, kOwn), 520U);
}

TEST(PortTable, LowestFreeFirst) {
  PortTable table(kOwn);
  for (std::uint32_t port = 513; port < 520; ++port) EXPECT_EQ(take(table, kDom0), port);
  EXPECT_EQ(table.release(at(kDom0, 515)).what, PortTable::Released::freed);
  EXPECT_EQ(take(table, kDom0), 515U);
}

TEST(PortTable, OnlyTheSameDomainFrees) {
  PortTable table(kOwn);
  ClientId const client = table.new_client();
  ASSERT_EQ(table.reserve(DomainId(43), client)->value(), 514U);
  EXPECT_EQ(table.release(at(DomainId(44), 514)).what, PortTable::Released::not_reserved);
  auto const freed = table.release(at(DomainId(43), 514));
  EXPECT_EQ(freed.what, PortTable::Released::freed);
  EXPECT_EQ(freed.client, client);
  EXPECT_EQ(table.release(at(DomainId(43), 514)).what, PortTable::Released::not_reserved);
}

TEST(PortTable, ImpossiblePorts) {
  PortTable table(kOwn);
  for (std::uint32_t const port : {0U, 512U, 769U, 0xFFFFFFFFU}) {
    EXPECT_EQ(table.release(at(kDom0, port)).what, PortTable::Released::impossible_port);
  }
}

TEST(PortTable, RunsOut) {
  PortTable table(kOwn);
  for (int i = 0; i < 128; ++i) ASSERT_TRUE(table.reserve(DomainId(43), table.new_client()).has_value());
  EXPECT_FALSE(table.reserve(DomainId(43), table.new_client()).has_value());
  for (int i = 0; i < 128; ++i) ASSERT_TRUE(table.reserve(kDom0, table.new_client()).has_value());
  EXPECT_FALSE(table.reserve(kDom0, table.new_client()).has_value());
}

TEST(PortTable, PortsFromBeforeTheAgentCameAnewAreTakenLast) {
  PortTable table(kOwn);
  table.begin_session();
  for (std::uint32_t port = 513; port < 523; ++port) EXPECT_EQ(take(table, kDom0), port);
  table.begin_session();
  for (std::uint32_t port = 523; port <= 768; ++port) EXPECT_EQ(take(table, kDom0), port);
  // Their calls may still run, but nobody will tell their end: rather than none, they are taken again.
  EXPECT_EQ(take(table, kDom0), 513U);
  EXPECT_EQ(table.release(at(kDom0, 514)).what, PortTable::Released::freed);
  EXPECT_EQ(take(table, kDom0), 514U);
  for (std::uint32_t port = 515; port < 523; ++port) EXPECT_EQ(take(table, kDom0), port);
  EXPECT_FALSE(table.reserve(kDom0, table.new_client()).has_value()) << "those of this session are never taken away";
}

}  // namespace
}  // namespace bh::qrexec
