// TCP services: the argument chooses only what the link leaves open (qrexec.md 10.1).
#include "qrexec/service/tcp_target.h"

#include <gtest/gtest.h>

namespace bh::qrexec {
namespace {

TEST(TcpTarget, WhatIsALink) {
  EXPECT_TRUE(is_tcp_link("/dev/tcp"));
  EXPECT_TRUE(is_tcp_link("/dev/tcp/"));
  EXPECT_TRUE(is_tcp_link("/dev/tcp/127.0.0.1/80"));
  EXPECT_FALSE(is_tcp_link("/dev/tcpx"));
  EXPECT_FALSE(is_tcp_link("/dev/null"));
}

TEST(TcpTarget, FromLinkAndArgument) {
  auto const both = parse_tcp_target("/dev/tcp/127.0.0.1/80", "");
  ASSERT_TRUE(both.ok());
  EXPECT_EQ(both->host, "127.0.0.1");
  EXPECT_EQ(both->port, 80);
  EXPECT_EQ(parse_tcp_target("/dev/tcp/127.0.0.1", "65535")->port, 65535);
  auto const six = parse_tcp_target("/dev/tcp", "++1+8080");
  ASSERT_TRUE(six.ok());
  EXPECT_EQ(six->host, "::1");
  EXPECT_EQ(six->port, 8080);
  EXPECT_EQ(parse_tcp_target("/dev/tcp", "127.0.0.1+1")->host, "127.0.0.1");
}

TEST(TcpTarget, MissingOrTooMuch) {
  EXPECT_FALSE(parse_tcp_target("/dev/tcp/", "").ok());
  EXPECT_FALSE(parse_tcp_target("/dev/tcp", std::nullopt).ok());
  EXPECT_FALSE(parse_tcp_target("/dev/tcp", "80").ok());
  EXPECT_FALSE(parse_tcp_target("/dev/tcp", "+80").ok());
  EXPECT_FALSE(parse_tcp_target("/dev/tcp/127.0.0.1", std::nullopt).ok());
  EXPECT_FALSE(parse_tcp_target("/dev/tcp/127.0.0.1", "10.0.0.1+80").ok());
  EXPECT_FALSE(parse_tcp_target("/dev/tcp/127.0.0.1/80", "80").ok());
  for (char const* port : {"0", "080", "65536", "-1", "x", " 80", ""}) EXPECT_FALSE(parse_tcp_target("/dev/tcp/127.0.0.1", port).ok()) << port;
}

TEST(TcpTarget, OnlyNumericHosts) {
  EXPECT_FALSE(parse_tcp_target("/dev/tcp/localhost", "80").ok());
  EXPECT_FALSE(parse_tcp_target("/dev/tcp", "host_name+80").ok());
}

}  // namespace
}  // namespace bh::qrexec
