// The store: what was written is there after a restart, whole or not at all.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/posix_io.h"
#include "base/temp_dir.h"
#include "dom0/core/store/registry.h"

namespace bh::dom0 {
namespace {

class StoreTest : public ::testing::Test {
 protected:
  TempDir folder = *TempDir::create("bh-store-");
  std::filesystem::path file = folder.path() / "bulkhead.db";
  static Qube qube(char const* name, int qid) {
    Qube made{*DomainName::parse(name), qid, random_uuid(), QubeClass::app, *LabelName::parse("blue")};
    made.properties = {{"memory", "500"}, {"default_user", "it's; DROP TABLE qubes"}};
    made.features.emplace(*FeatureName::parse("internal"), *FeatureValue::parse(""));
    made.tags.insert(*Tag::parse("office"));
    return made;
  }
};

TEST_F(StoreTest, AFreshOneHoldsDom0AndTheLabels) {
  auto store = Store::open(file);
  ASSERT_TRUE(store);
  auto const inventory = store->load();
  ASSERT_TRUE(inventory);
  EXPECT_EQ(inventory->qubes().size(), 1U);
  EXPECT_EQ(inventory->dom0().klass, QubeClass::admin);
  EXPECT_EQ(inventory->labels().size(), 8U);
  EXPECT_EQ(inventory->find_label("blue")->color, "0x3465a4");
  struct stat facts {};
  ASSERT_EQ(::stat(file.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777U, 0600U);
}

TEST_F(StoreTest, QubesSurviveReopeningWithEverythingTheyHave) {
  Qube const written = qube("work", 1);
  {
    auto registry = Registry::open(file);
    ASSERT_TRUE(registry);
    ASSERT_TRUE(registry->put(written));
    ASSERT_TRUE(registry->set_setting("default_template", "debian"));
  }
  auto registry = Registry::open(file);
  ASSERT_TRUE(registry);
  Qube const* const read = registry->inventory().find("work");
  ASSERT_NE(read, nullptr);
  EXPECT_EQ(read->uuid, written.uuid);
  EXPECT_EQ(read->properties, written.properties);
  EXPECT_EQ(read->features, written.features);
  EXPECT_EQ(read->tags, written.tags);
  EXPECT_EQ(registry->inventory().settings().at("default_template"), "debian");
}

TEST_F(StoreTest, ChangesReplaceAndRemovalRemovesAll) {
  auto store = Store::open(file);
  ASSERT_TRUE(store);
  Qube changed = qube("work", 1);
  ASSERT_TRUE(store->save(changed));
  changed.properties.erase("memory");
  changed.tags.clear();
  ASSERT_TRUE(store->save(changed));
  EXPECT_EQ(store->load()->find("work")->properties.size(), 1U);
  EXPECT_TRUE(store->load()->find("work")->tags.empty());
  ASSERT_TRUE(store->remove("work"));
  EXPECT_EQ(store->load()->find("work"), nullptr);
  // The number is free again and carries nothing over.
  Qube next{*DomainName::parse("next"), 1, random_uuid(), QubeClass::app, *LabelName::parse("red")};
  ASSERT_TRUE(store->save(next));
  EXPECT_TRUE(store->load()->find("next")->properties.empty());
}

TEST_F(StoreTest, TwoQubesCannotHaveOneName) {
  auto store = Store::open(file);
  ASSERT_TRUE(store);
  ASSERT_TRUE(store->save(qube("work", 1)));
  EXPECT_FALSE(store->save(qube("work", 2)));
  EXPECT_EQ(store->load()->find("work")->qid, 1);
}

TEST_F(StoreTest, AnUnknownLabelIsRefusedByTheForeignKey) {
  auto store = Store::open(file);
  ASSERT_TRUE(store);
  Qube bad = qube("work", 1);
  bad.label = *LabelName::parse("pink");
  EXPECT_FALSE(store->save(bad));
  EXPECT_EQ(store->load()->find("work"), nullptr);
}

TEST_F(StoreTest, DomainNumbersRiseAcrossRestarts) {
  for (std::uint16_t expected = 1; expected <= 3; ++expected) {
    auto store = Store::open(file);
    ASSERT_TRUE(store);
    EXPECT_EQ(store->next_domain_id()->value(), expected);
  }
}

TEST_F(StoreTest, DomainNumbersBeginAnewAfterTheLast) {
  auto store = Store::open(file);
  ASSERT_TRUE(store && store->next_domain_id());
  auto database = Database::open(file);
  ASSERT_TRUE(database && database->execute("UPDATE counters SET value = 32750 WHERE name = 'domain'"));
  EXPECT_EQ(store->next_domain_id()->value(), 1);
}

TEST_F(StoreTest, ANewerDatabaseIsRefusedInWords) {
  { ASSERT_TRUE(Store::open(file)); }
  {
    auto database = Database::open(file);
    ASSERT_TRUE(database && database->execute("INSERT INTO migrations VALUES (999, 'x')"));
  }
  auto const store = Store::open(file);
  ASSERT_FALSE(store);
  EXPECT_NE(store.error().message.find("newer"), std::string::npos);
}

TEST_F(StoreTest, AFileThatIsNoDatabaseIsAnErrorAndStaysAsItIs) {
  ASSERT_TRUE(write_file_atomically(file, "this is not a database, not at all, but long enough to be looked at as one....................", 0600));
  EXPECT_FALSE(Store::open(file));
  EXPECT_TRUE(read_file(file, 1000)->starts_with("this is not"));
}

TEST_F(StoreTest, PoolsAndSettingsOfVolumesSurviveReopening) {
  Qube written = qube("work", 1);
  written.volumes["private"] = {{"pool", "big"}, {"revisions_to_keep", "3"}};
  {
    auto registry = Registry::open(file);
    ASSERT_TRUE(registry && registry->put(written));
    ASSERT_TRUE(registry->put_pool({*PoolName::parse("big"), "file", {{"dir_path", "/x y"}, {"revisions_to_keep", "1"}}}));
    ASSERT_TRUE(registry->put_pool({*PoolName::parse("bare"), "file"}));
    ASSERT_TRUE(registry->put_pool({*PoolName::parse("big"), "file", {{"dir_path", "/x y"}}}));
  }
  auto registry = Registry::open(file);
  ASSERT_TRUE(registry);
  EXPECT_EQ(registry->inventory().find("work")->volumes, written.volumes);
  ASSERT_EQ(registry->inventory().pools().size(), 2U);
  EXPECT_EQ(registry->inventory().pools().at("big").options, (std::map<std::string, std::string>{{"dir_path", "/x y"}}));
  ASSERT_TRUE(registry->remove_pool("big"));
  EXPECT_EQ(registry->inventory().pools().size(), 1U);
}

TEST_F(StoreTest, TheFirstVersionsDatabaseIsBroughtUpToDate) {
  {
    auto store = Store::open(file);
    ASSERT_TRUE(store && store->save(qube("work", 1)));
  }
  {
    auto database = Database::open(file);
    ASSERT_TRUE(database && database->execute("DROP TABLE volume_settings; DROP TABLE pool_options; DROP TABLE pools; DELETE FROM migrations WHERE version = 2"));
  }
  auto registry = Registry::open(file);
  ASSERT_TRUE(registry) << registry.error().message;
  EXPECT_NE(registry->inventory().find("work"), nullptr);
  EXPECT_TRUE(registry->put_pool({*PoolName::parse("big"), "file"}));
}

TEST_F(StoreTest, ListenersHearEventsUntilTheyLeave) {
  auto registry = Registry::open(file);
  ASSERT_TRUE(registry);
  int heard = 0;
  {
    auto const subscription = registry->subscribe([&](admin::Event const&) { ++heard; });
    registry->tell({"", "domain-add"});
    EXPECT_EQ(heard, 1);
  }
  registry->tell({"", "domain-add"});
  EXPECT_EQ(heard, 1);
}

}  // namespace
}  // namespace bh::dom0
