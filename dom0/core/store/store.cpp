#include "dom0/core/store/store.h"

#include <array>

#include "base/number.h"

namespace bh::dom0 {

namespace {

// Step N brings schema N-1 to N. Steps that were shipped are never edited; new ones are added.
constexpr std::array kMigrations{
    R"(CREATE TABLE labels (name TEXT PRIMARY KEY, idx INTEGER NOT NULL UNIQUE, color TEXT NOT NULL);
       CREATE TABLE qubes (qid INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, uuid TEXT NOT NULL UNIQUE, class TEXT NOT NULL,
                           label TEXT NOT NULL REFERENCES labels(name));
       CREATE TABLE properties (qid INTEGER NOT NULL REFERENCES qubes(qid) ON DELETE CASCADE, name TEXT NOT NULL, value TEXT NOT NULL,
                                PRIMARY KEY (qid, name)) WITHOUT ROWID;
       CREATE TABLE features (qid INTEGER NOT NULL REFERENCES qubes(qid) ON DELETE CASCADE, name TEXT NOT NULL, value TEXT NOT NULL,
                              PRIMARY KEY (qid, name)) WITHOUT ROWID;
       CREATE TABLE tags (qid INTEGER NOT NULL REFERENCES qubes(qid) ON DELETE CASCADE, tag TEXT NOT NULL, PRIMARY KEY (qid, tag)) WITHOUT ROWID;
       CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
       CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;)",
    R"(CREATE TABLE pools (name TEXT PRIMARY KEY, driver TEXT NOT NULL) WITHOUT ROWID;
       CREATE TABLE pool_options (pool TEXT NOT NULL REFERENCES pools(name) ON DELETE CASCADE, name TEXT NOT NULL, value TEXT NOT NULL,
                                  PRIMARY KEY (pool, name)) WITHOUT ROWID;
       CREATE TABLE volume_settings (qid INTEGER NOT NULL REFERENCES qubes(qid) ON DELETE CASCADE, volume TEXT NOT NULL, name TEXT NOT NULL,
                                     value TEXT NOT NULL, PRIMARY KEY (qid, volume, name)) WITHOUT ROWID;)",
};

Failure<Error> damaged(std::string const& what) { return Failure{Error{"the database holds " + what + "; restore it from a backup", 0}}; }

}  // namespace

Result<Store> Store::open(std::filesystem::path const& path) {
  BH_TRY(database, Database::open(path));
  Store store(std::move(database));
  BH_CHECK(store.migrate());
  BH_CHECK(store.fill_if_empty());
  return store;
}

Result<void> Store::migrate() {
  BH_CHECK(database_.execute("CREATE TABLE IF NOT EXISTS migrations (version INTEGER PRIMARY KEY, applied TEXT NOT NULL)"));
  std::int64_t version = 0;
  {
    BH_TRY(query, database_.prepare("SELECT coalesce(max(version), 0) FROM migrations"));
    BH_CHECK(query.step());
    version = query.number(0);
  }
  if (version > static_cast<std::int64_t>(kMigrations.size())) {
    return Failure{Error{"the database is of version " + std::to_string(version) + ", newer than this bulkheadd understands (" +
                             std::to_string(kMigrations.size()) + "); install the newer bulkheadd", 0}};
  }
  for (auto step = static_cast<std::size_t>(version); step < kMigrations.size(); ++step) {
    BH_TRY(transaction, Transaction::begin(database_));
    BH_CHECK(database_.execute(kMigrations[step]));
    BH_TRY(insert, database_.prepare("INSERT INTO migrations VALUES (?, datetime('now'))"));
    BH_CHECK(insert.bind(1, static_cast<std::int64_t>(step + 1)).run());
    BH_CHECK(transaction.commit());
  }
  return {};
}

Result<void> Store::fill_if_empty() {
  {
    BH_TRY(query, database_.prepare("SELECT 1 FROM qubes WHERE qid = 0"));
    BH_TRY(filled, query.step());
    if (filled) return {};
  }
  {
    BH_TRY(transaction, Transaction::begin(database_));
    for (Label const& label : default_labels()) {
      BH_TRY(row, database_.prepare("INSERT OR IGNORE INTO labels VALUES (?, ?, ?)"));
      BH_CHECK(row.bind(1, label.name.text()).bind(2, std::int64_t{label.index}).bind(3, label.color).run());
    }
    BH_CHECK(transaction.commit());
  }
  return save(Qube{DomainName::dom0(), 0, nil_uuid(), QubeClass::admin, *LabelName::parse("black")});
}

Result<Inventory> Store::load() {
  Inventory inventory;
  BH_TRY(labels, database_.prepare("SELECT name, idx, color FROM labels ORDER BY idx"));
  std::vector<Label> list;
  for (;;) {
    BH_TRY(row, labels.step());
    if (!row) break;
    auto name = LabelName::parse(labels.text(0));
    if (!name) return damaged("a label with a bad name");
    list.push_back({*name, static_cast<int>(labels.number(1)), labels.text(2)});
  }
  inventory.set_labels(std::move(list));
  BH_CHECK(load_parts(inventory));
  BH_CHECK(load_pools(inventory));
  BH_TRY(settings, database_.prepare("SELECT name, value FROM settings"));
  for (;;) {
    BH_TRY(row, settings.step());
    if (!row) break;
    inventory.set_setting(settings.text(0), settings.text(1));
  }
  return inventory;
}

Result<void> Store::load_parts(Inventory& inventory) {
  std::map<std::int64_t, Qube> qubes;
  BH_TRY(rows, database_.prepare("SELECT qid, name, uuid, class, label FROM qubes"));
  for (;;) {
    BH_TRY(row, rows.step());
    if (!row) break;
    auto name = DomainName::parse(rows.text(1));
    auto uuid = Uuid::parse(rows.text(2));
    auto klass = parse_class(rows.text(3));
    auto label = LabelName::parse(rows.text(4));
    if (!name || !uuid || !klass || !label) return damaged("a qube that cannot be read (qid " + std::to_string(rows.number(0)) + ")");
    qubes.emplace(rows.number(0), Qube{*name, static_cast<int>(rows.number(0)), *uuid, *klass, *label});
  }
  BH_TRY(properties, database_.prepare("SELECT qid, name, value FROM properties"));
  for (;;) {
    BH_TRY(row, properties.step());
    if (!row) break;
    qubes.at(properties.number(0)).properties[properties.text(1)] = properties.text(2);
  }
  BH_TRY(features, database_.prepare("SELECT qid, name, value FROM features"));
  for (;;) {
    BH_TRY(row, features.step());
    if (!row) break;
    auto name = FeatureName::parse(features.text(1));
    auto value = FeatureValue::parse(features.text(2));
    if (!name || !value) return damaged("a feature that cannot be read");
    qubes.at(features.number(0)).features.emplace(*name, *value);
  }
  BH_TRY(tags, database_.prepare("SELECT qid, tag FROM tags"));
  for (;;) {
    BH_TRY(row, tags.step());
    if (!row) break;
    auto tag = Tag::parse(tags.text(1));
    if (!tag) return damaged("a tag that cannot be read");
    qubes.at(tags.number(0)).tags.insert(*tag);
  }
  BH_TRY(volumes, database_.prepare("SELECT qid, volume, name, value FROM volume_settings"));
  for (;;) {
    BH_TRY(row, volumes.step());
    if (!row) break;
    qubes.at(volumes.number(0)).volumes[volumes.text(1)][volumes.text(2)] = volumes.text(3);
  }
  for (auto& [qid, qube] : qubes) inventory.put(std::move(qube));
  return {};
}

Result<void> Store::load_pools(Inventory& inventory) {
  BH_TRY(rows, database_.prepare("SELECT pools.name, driver, pool_options.name, value FROM pools LEFT JOIN pool_options ON pool = pools.name"));
  std::map<std::string, PoolSpec> pools;
  for (;;) {
    BH_TRY(row, rows.step());
    if (!row) break;
    auto name = PoolName::parse(rows.text(0));
    if (!name) return damaged("a pool with a bad name");
    auto& pool = pools.try_emplace(name->text(), PoolSpec{*name, rows.text(1)}).first->second;
    if (!rows.text(2).empty()) pool.options[rows.text(2)] = rows.text(3);
  }
  for (auto& [name, pool] : pools) inventory.set_pool(std::move(pool));
  return {};
}

Result<void> Store::save_pool(PoolSpec const& pool) {
  BH_TRY(transaction, Transaction::begin(database_));
  BH_TRY(row, database_.prepare("INSERT INTO pools VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET driver = excluded.driver"));
  BH_CHECK(row.bind(1, pool.name.text()).bind(2, pool.driver).run());
  BH_TRY(clear, database_.prepare("DELETE FROM pool_options WHERE pool = ?"));
  BH_CHECK(clear.bind(1, pool.name.text()).run());
  for (auto const& [name, value] : pool.options) {
    BH_TRY(statement, database_.prepare("INSERT INTO pool_options VALUES (?, ?, ?)"));
    BH_CHECK(statement.bind(1, pool.name.text()).bind(2, name).bind(3, value).run());
  }
  return transaction.commit();
}

Result<void> Store::remove_pool(std::string const& name) {
  BH_TRY(statement, database_.prepare("DELETE FROM pools WHERE name = ?"));
  return statement.bind(1, name).run();
}

Result<void> Store::save(Qube const& qube) {
  BH_TRY(transaction, Transaction::begin(database_));
  std::int64_t const qid = qube.qid;
  BH_TRY(row, database_.prepare("INSERT INTO qubes VALUES (?, ?, ?, ?, ?) ON CONFLICT (qid) DO UPDATE SET name = excluded.name, "
                                "uuid = excluded.uuid, class = excluded.class, label = excluded.label"));
  BH_CHECK(row.bind(1, qid).bind(2, qube.name.text()).bind(3, qube.uuid.text()).bind(4, to_string(qube.klass)).bind(5, qube.label.text()).run());
  for (char const* clear : {"DELETE FROM properties WHERE qid = ?", "DELETE FROM features WHERE qid = ?", "DELETE FROM tags WHERE qid = ?",
                            "DELETE FROM volume_settings WHERE qid = ?"}) {
    BH_TRY(statement, database_.prepare(clear));
    BH_CHECK(statement.bind(1, qid).run());
  }
  for (auto const& [name, value] : qube.properties) {
    BH_TRY(statement, database_.prepare("INSERT INTO properties VALUES (?, ?, ?)"));
    BH_CHECK(statement.bind(1, qid).bind(2, name).bind(3, value).run());
  }
  for (auto const& [name, value] : qube.features) {
    BH_TRY(statement, database_.prepare("INSERT INTO features VALUES (?, ?, ?)"));
    BH_CHECK(statement.bind(1, qid).bind(2, name.text()).bind(3, value.text()).run());
  }
  for (auto const& tag : qube.tags) {
    BH_TRY(statement, database_.prepare("INSERT INTO tags VALUES (?, ?)"));
    BH_CHECK(statement.bind(1, qid).bind(2, tag.text()).run());
  }
  for (auto const& [volume, settings] : qube.volumes) {
    for (auto const& [name, value] : settings) {
      BH_TRY(statement, database_.prepare("INSERT INTO volume_settings VALUES (?, ?, ?, ?)"));
      BH_CHECK(statement.bind(1, qid).bind(2, volume).bind(3, name).bind(4, value).run());
    }
  }
  return transaction.commit();
}

Result<void> Store::remove(std::string const& name) {
  BH_TRY(statement, database_.prepare("DELETE FROM qubes WHERE name = ?"));
  return statement.bind(1, name).run();
}

Result<void> Store::save_setting(std::string const& name, std::string const& value) {
  BH_TRY(statement, database_.prepare("INSERT INTO settings VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"));
  return statement.bind(1, name).bind(2, value).run();
}

Result<void> Store::remove_setting(std::string const& name) {
  BH_TRY(statement, database_.prepare("DELETE FROM settings WHERE name = ?"));
  return statement.bind(1, name).run();
}

Result<DomainId> Store::next_domain_id() {
  BH_TRY(transaction, Transaction::begin(database_));
  std::int64_t next = 1;
  {
    BH_TRY(query, database_.prepare("SELECT value FROM counters WHERE name = 'domain'"));
    BH_TRY(row, query.step());
    if (row) next = query.number(0) >= kCloneAlias.value() - 1 ? 1 : query.number(0) + 1;
  }
  BH_TRY(update, database_.prepare("INSERT INTO counters VALUES ('domain', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"));
  BH_CHECK(update.bind(1, next).run());
  BH_CHECK(transaction.commit());
  return DomainId(static_cast<std::uint16_t>(next));
}

}  // namespace bh::dom0
