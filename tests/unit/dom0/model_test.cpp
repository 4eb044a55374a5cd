// The model without disk or sockets: names, defaults, inheritance, and what may be stored.
#include <gtest/gtest.h>

#include "dom0/core/model/property.h"

namespace bh::dom0 {
namespace {

Qube make(char const* name, int qid, QubeClass klass) {
  return Qube{*DomainName::parse(name), qid, random_uuid(), klass, *LabelName::parse("red")};
}

class Model : public ::testing::Test {
 protected:
  void SetUp() override {
    inventory.set_labels(default_labels());
    inventory.put(Qube{DomainName::dom0(), 0, nil_uuid(), QubeClass::admin, *LabelName::parse("black")});
    inventory.put(make("debian", 1, QubeClass::template_qube));
    inventory.put(make("work", 2, QubeClass::app));
  }
  void set(char const* qube, char const* property, char const* value) {
    Qube changed = *inventory.find(qube);
    changed.properties[property] = value;
    inventory.put(std::move(changed));
  }
  Result<std::string, admin::Exception> check(char const* property, std::string_view text) {
    Qube const* const work = inventory.find("work");
    return check_value(inventory, work, *find_property(property, QubeClass::app), text);
  }
  std::string work(char const* property) { return value_of(inventory, *inventory.find("work"), property); }
  Inventory inventory;
};

TEST(ModelNames, AreExactlyThoseOfTheSheet) {
  EXPECT_TRUE(FeatureName::parse("a.b-c_D9"));
  EXPECT_FALSE(FeatureName::parse(""));
  EXPECT_FALSE(FeatureName::parse("a b"));
  EXPECT_FALSE(FeatureName::parse(std::string(256, 'a')));
  EXPECT_TRUE(FeatureName::parse(std::string(255, 'a')));
  EXPECT_FALSE(Tag::parse("a.b"));
  EXPECT_TRUE(FeatureValue::parse(""));
  EXPECT_FALSE(FeatureValue::parse("a\nb"));
  EXPECT_FALSE(FeatureValue::parse("\x7f"));
  EXPECT_FALSE(FeatureValue::parse(std::string(16385, 'a')));
  EXPECT_TRUE(Uuid::parse("01234567-89ab-cdef-0123-456789abcdef"));
  EXPECT_FALSE(Uuid::parse("01234567-89AB-cdef-0123-456789abcdef"));
  EXPECT_FALSE(Uuid::parse("0123456789ab-cdef-0123-456789abcdef-"));
  EXPECT_NE(random_uuid(), random_uuid());
  EXPECT_EQ(random_uuid().text()[14], '4');
}

TEST_F(Model, DefaultsComeFromTheTemplateThenTheSystemThenTheTable) {
  EXPECT_EQ(work("memory"), "400");
  set("debian", "memory", "700");
  EXPECT_EQ(work("memory"), "700");
  set("work", "memory", "900");
  EXPECT_EQ(work("memory"), "900");
  EXPECT_EQ(work("qrexec_timeout"), "60");
  inventory.set_setting("default_qrexec_timeout", "90");
  EXPECT_EQ(work("qrexec_timeout"), "90");
  auto const value = evaluate(inventory, *inventory.find("work"), *find_property("qrexec_timeout", QubeClass::app));
  EXPECT_TRUE(value.is_default);
  EXPECT_EQ(value.type, "int");
}

TEST_F(Model, TheTemplateIsTheDefaultOneUnlessSet) {
  EXPECT_EQ(work("template"), "debian");
  inventory.put(make("fedora", 3, QubeClass::template_qube));
  EXPECT_EQ(work("template"), "debian");
  inventory.set_setting("default_template", "fedora");
  EXPECT_EQ(work("template"), "fedora");
  set("work", "template", "debian");
  EXPECT_EQ(work("template"), "debian");
}

TEST_F(Model, NumbersAreCheckedAtTheirLimits) {
  for (char const* good : {"64", "1048576"}) EXPECT_TRUE(check("memory", good)) << good;
  for (char const* bad : {"", "63", "1048577", "-1", "0400", " 400", "400 ", "4e2", "18446744073709551616"}) EXPECT_FALSE(check("memory", bad)) << bad;
  EXPECT_TRUE(check("vcpus", "1"));
  EXPECT_FALSE(check("vcpus", "0"));
  EXPECT_FALSE(check("vcpus", "65"));
}

TEST_F(Model, BooleansAreAcceptedInEveryFormOfTheSheet) {
  for (char const* yes : {"1", "yes", "TRUE", "On"}) EXPECT_EQ(*check("autostart", yes), "True");
  for (char const* no : {"0", "no", "False", "off"}) EXPECT_EQ(*check("autostart", no), "False");
  EXPECT_FALSE(check("autostart", "maybe"));
}

TEST_F(Model, TextsThatReachAGuestHoldNothingUnexpected) {
  EXPECT_TRUE(check("keyboard_layout", "de+nodeadkeys+ctrl:nocaps"));
  for (char const* bad : {"de", "de++\nPATH=/x", "a+b+c+d", "us++;reboot", "us++ x"}) EXPECT_FALSE(check("keyboard_layout", bad)) << bad;
  EXPECT_TRUE(check("default_user", "user"));
  for (char const* bad : {"", "Root", "a:b", "a b", "-x", "a\nb"}) EXPECT_FALSE(check("default_user", bad)) << bad;
}

TEST_F(Model, ReferencesNameQubesOfTheRightKind) {
  EXPECT_EQ(check("template", "nope").error().type, "QubesVMNotFoundError");
  EXPECT_EQ(check("template", "work").error().type, "QubesPropertyValueError");
  EXPECT_FALSE(check("template", ""));
  EXPECT_TRUE(check("template", "debian"));
  EXPECT_EQ(*check("netvm", ""), "");
  EXPECT_NE(check("netvm", "debian").error().message.find("provides_network"), std::string::npos);
  EXPECT_FALSE(check("netvm", "work"));
  EXPECT_FALSE(check("default_dispvm", "debian"));
}

TEST_F(Model, ReadOnlyPropertiesStayReadOnly) {
  for (char const* property : {"name", "qid", "uuid", "klass", "xid", "ip", "gateway", "dns", "virt_mode"}) EXPECT_FALSE(check(property, "1")) << property;
}

class NetworkModel : public Model {
 protected:
  void SetUp() override {
    Model::SetUp();
    for (auto const& [name, qid] : {std::pair{"net", 3}, std::pair{"firewall", 4}}) {
      inventory.put(make(name, qid, QubeClass::app));
      set(name, "provides_network", "True");
    }
    set("firewall", "netvm", "net");
  }
  Result<std::string, admin::Exception> check_on(char const* qube, char const* property, std::string_view text) {
    Qube const* const found = inventory.find(qube);
    return check_value(inventory, found, *find_property(property, found->klass), text);
  }
  std::string of(char const* qube, char const* property) { return value_of(inventory, *inventory.find(qube), property); }
};

TEST_F(NetworkModel, AddressesFollowFromNumbers) {
  EXPECT_EQ(work("ip"), "10.137.0.2");
  EXPECT_EQ(work("gateway"), "");
  EXPECT_EQ(work("dns"), "");
  EXPECT_EQ(work("mac"), "00:16:3e:5e:6c:00");
  set("work", "netvm", "firewall");
  EXPECT_EQ(work("gateway"), "10.137.0.4");
  EXPECT_EQ(work("dns"), "10.139.1.1 10.139.1.2");
  Qube disposable = make("disp7", 9, QubeClass::disposable);
  disposable.properties = {{"template", "work"}, {"dispid", "7"}};
  inventory.put(std::move(disposable));
  EXPECT_EQ(of("disp7", "ip"), "10.138.0.7");
  EXPECT_EQ(of("disp7", "netvm"), "firewall") << "as its template";
}

TEST_F(NetworkModel, ANetvmProvidesNetworkAndLoopsAreRefused) {
  EXPECT_TRUE(check_on("work", "netvm", "firewall"));
  EXPECT_FALSE(check_on("net", "netvm", "work")) << "work provides none";
  EXPECT_NE(check_on("net", "netvm", "firewall").error().message.find("loop"), std::string::npos);
  EXPECT_FALSE(check_on("net", "netvm", "net"));
  EXPECT_FALSE(check_on("debian", "netvm", "net")) << "templates have no card";
  EXPECT_EQ(netvm_chain(inventory, "firewall"), std::vector<std::string>{"net"});
}

TEST_F(NetworkModel, ALoopThroughADisposableIsSeenWhereItsTemplateIsChanged) {
  set("work", "provides_network", "True");
  Qube disposable = make("disp7", 9, QubeClass::disposable);
  disposable.properties = {{"template", "work"}, {"dispid", "7"}};
  inventory.put(std::move(disposable));
  set("net", "netvm", "disp7");
  EXPECT_NE(check_on("work", "netvm", "net").error().message.find("loop"), std::string::npos);
}

TEST_F(NetworkModel, TheDefaultNetvmIsNotItsOwn) {
  inventory.set_setting("default_netvm", "firewall");
  EXPECT_EQ(work("netvm"), "firewall");
  EXPECT_EQ(of("firewall", "netvm"), "net");
  EXPECT_EQ(of("net", "netvm"), "") << "nor is one that provides network itself given it";
  EXPECT_EQ(of("debian", "netvm"), "");
}

TEST_F(NetworkModel, AQubeInUseGoesOnProvidingNetwork) {
  EXPECT_NE(check_on("net", "provides_network", "False").error().message.find("firewall"), std::string::npos);
  EXPECT_TRUE(check_on("firewall", "provides_network", "False"));
  inventory.set_setting("default_netvm", "firewall");
  EXPECT_FALSE(check_on("firewall", "provides_network", "False"));
}

TEST_F(NetworkModel, ACardsAddressIsOneAndNotThatOfANetvmsEnd) {
  EXPECT_TRUE(check("mac", "02:11:22:33:44:55"));
  for (auto const* bad : {"", "02:11:22:33:44", "ff:ff:ff:ff:ff:ff", "fe:ff:0a:89:00:02"}) EXPECT_FALSE(check("mac", bad)) << bad;
}

TEST_F(Model, MaxmemIsANumberOrZero) {
  EXPECT_EQ(work("maxmem"), "0");
  EXPECT_TRUE(check("maxmem", "0"));
  EXPECT_TRUE(check("maxmem", "4000"));
  EXPECT_FALSE(check("maxmem", "-1"));
  set("debian", "maxmem", "2000");
  EXPECT_EQ(work("maxmem"), "2000") << "as its template";
}

TEST_F(Model, WhoeverNeedsAQubeIsNamed) {
  EXPECT_EQ(inventory.users_of("debian"), std::vector<std::string>{"work (template)"});
  EXPECT_TRUE(inventory.users_of("work").empty());
  inventory.set_setting("default_dispvm", "work");
  EXPECT_EQ(inventory.users_of("work"), std::vector<std::string>{"the system (default_dispvm)"});
}

TEST_F(Model, EveryPropertyOfEveryClassHasAValueAndHelp) {
  for (auto const& [name, qube] : inventory.qubes()) {
    for (auto const& spec : qube_properties()) {
      EXPECT_FALSE(spec.help.empty()) << spec.name;
      if (!spec.applies_to(qube.klass)) continue;
      auto const value = evaluate(inventory, qube, spec);
      EXPECT_EQ(value.type, to_string(spec.type)) << spec.name;
      EXPECT_FALSE(value.value.starts_with('@')) << spec.name;
    }
  }
}

}  // namespace
}  // namespace bh::dom0
