#include "hypervisor/network/addressing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "hypervisor/network/guest_facts.h"

namespace bh::network {
namespace {

TEST(Addressing, IsThatOfQubes) {
  EXPECT_EQ(address_of(QubeNumber(1)).text(), "10.137.0.1");
  EXPECT_EQ(address_of(QubeNumber(255)).text(), "10.137.0.255");
  EXPECT_EQ(address_of(QubeNumber(256)).text(), "10.137.1.0");
  EXPECT_EQ(address_of(QubeNumber(9999)).text(), "10.137.39.15");
  EXPECT_EQ(address_of(DisposableNumber(9999)).text(), "10.138.39.15");
  EXPECT_EQ(to_string(default_mac()), "00:16:3e:5e:6c:00");
  EXPECT_EQ(kFirstNameServer.text(), "10.139.1.1");
  EXPECT_EQ(kSecondNameServer.text(), "10.139.1.2");
}

TEST(Addressing, NoTwoNumbersShareAnAddressOrAFarCard) {
  std::set<Ipv4Address> addresses;
  std::set<std::string> far;
  for (std::uint16_t number = 0; number < 10000; ++number) {
    for (auto const& address : {address_of(QubeNumber(number)), address_of(DisposableNumber(number))}) {
      EXPECT_TRUE(addresses.insert(address).second) << address.text();
      EXPECT_TRUE(far.insert(to_string(far_mac(address))).second) << address.text();
    }
  }
}

TEST(Addressing, TheFarCardNamesItsClient) { EXPECT_EQ(to_string(far_mac(address_of(QubeNumber(0x1234)))), "fe:ff:0a:89:12:34"); }

TEST(Addressing, ReadsOnlyAddressesOfOneStation) {
  EXPECT_EQ(parse_mac("00:16:3E:5e:6c:00"), default_mac());
  for (auto const* bad : {"", "00:16:3e:5e:6c", "00:16:3e:5e:6c:00:00", "00-16-3e-5e-6c-00", "00:16:3e:5e:6c:0", "00:16:3e:5e:6c:0g", "00:00:00:00:00:00",
                          "01:16:3e:5e:6c:00", "ff:ff:ff:ff:ff:ff", " 0:16:3e:5e:6c:00", "00:16:3e:5e:6c:00 "}) {
    EXPECT_FALSE(parse_mac(bad)) << bad;
  }
}

TEST(GuestFacts, StayWithinTheAlphabetOfTheConfigurationChannel) {
  for (auto const& network : {GuestNetwork{address_of(QubeNumber(7)), address_of(QubeNumber(2)), true}, GuestNetwork{address_of(QubeNumber(7)), std::nullopt, false}}) {
    for (auto const& [key, value] : guest_facts(network)) {
      EXPECT_TRUE(std::all_of(value.begin(), value.end(), [](char c) { return (c >= '0' && c <= '9') || c == '.' || c == ','; })) << key << "=" << value;
    }
  }
}

TEST(GuestFacts, NameAGatewayAlsoBeforeThereIsANetvm) {
  auto const facts = guest_facts({address_of(QubeNumber(7)), std::nullopt, false});
  EXPECT_NE(std::find(facts.begin(), facts.end(), std::pair<std::string, std::string>("NETWORK_GATEWAY", "10.137.0.0")), facts.end());
  EXPECT_EQ(std::count_if(facts.begin(), facts.end(), [](auto const& fact) { return fact.first == "NETWORK_PROVIDES"; }), 0);
}

}  // namespace
}  // namespace bh::network
