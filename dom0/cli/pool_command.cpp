#include "base/number.h"
#include "dom0/cli/output.h"
#include "dom0/cli/volume_commands.h"

namespace bh::cli {

namespace {

// Facts of a pool as texts; sizes are read by people on a terminal and by programs in JSON.
Record record_of(std::map<std::string, std::string> const& facts) {
  Record record;
  for (auto const& [key, value] : facts) {
    auto const number = parse_decimal(value, INT64_MAX);
    if (number) record.emplace_back(key, static_cast<std::int64_t>(*number));
    else if (value == "True" || value == "False") record.emplace_back(key, value == "True");
    else record.emplace_back(key, value);
  }
  return record;
}

int list_pools(Session const& session) {
  auto const names = session.client.call({.method = "admin.pool.List"});
  if (!names) return report(names.error());
  std::vector<Record> records;
  std::vector<std::vector<std::string>> rows;
  for (auto const& name : admin::parse_lines(*names)) {
    auto const info = session.client.call({.method = "admin.pool.Info", .argument = name});
    if (!info) return report(info.error());
    auto facts = admin::parse_pairs(*info, '\n');
    records.push_back(record_of(facts));
    auto const size = parse_decimal(facts["size"]);
    auto const used = parse_decimal(facts["usage"]);
    rows.push_back({name, facts["driver"], size ? show_size(*size) : "-", used ? show_size(*used) : "-"});
  }
  if (session.json) print_json(records);
  else print_table({"NAME", "DRIVER", "SIZE", "USED"}, rows);
  return kOk;
}

int show_pools(Session const& session, PoolOptions const& options) {
  std::vector<Record> records;
  for (auto const& name : options.pools) {
    auto const info = session.client.call({.method = "admin.pool.Info", .argument = name});
    if (!info) return report(info.error());
    auto facts = admin::parse_pairs(*info, '\n');
    if (auto const details = session.client.call({.method = "admin.pool.UsageDetails", .argument = name})) {
      for (auto const& [key, value] : admin::parse_pairs(*details, '\n')) facts.emplace(key, value);
    }
    if (session.json) {
      records.push_back(record_of(facts));
      continue;
    }
    std::vector<std::vector<std::string>> rows;
    for (auto const& [key, value] : facts) rows.push_back({key, value});
    print_table({}, rows);
  }
  if (session.json) print_json(records);
  return kOk;
}

int list_drivers(Session const& session) {
  auto const reply = session.client.call({.method = "admin.pool.ListDrivers"});
  if (!reply) return report(reply.error());
  std::vector<Record> records;
  std::vector<std::vector<std::string>> rows;
  for (auto const& line : admin::parse_lines(*reply)) {
    std::string const name = line.substr(0, line.find(' '));
    std::string const known = line.find(' ') == std::string::npos ? "" : line.substr(line.find(' ') + 1);
    records.push_back({{"driver", name}, {"options", known}});
    rows.push_back({name, known});
  }
  if (session.json) print_json(records);
  else print_table({"DRIVER", "OPTIONS"}, rows);
  return kOk;
}

int add_pool(Session const& session, PoolOptions const& options) {
  std::string payload = "name=" + options.pool + "\n";
  for (auto const& option : options.options) payload += option + "\n";
  auto const reply = session.client.call({.method = "admin.pool.Add", .argument = options.driver, .payload = payload});
  return reply ? kOk : report(reply.error());
}

int set_pool(Session const& session, PoolOptions const& options) {
  if (options.options.empty()) {
    print_error("say what to set: -o revisions_to_keep=2");
    return kUsage;
  }
  for (auto const& option : options.options) {
    auto const equals = option.find('=');
    std::string const name = option.substr(0, equals);
    if (equals == std::string::npos || (name != "revisions_to_keep" && name != "ephemeral_volatile")) {
      print_error("revisions_to_keep=N and ephemeral_volatile=True|False can be set; other options are fixed when the pool is added");
      return kUsage;
    }
    auto const reply = session.client.call({.method = "admin.pool.Set." + name, .argument = options.pool, .payload = option.substr(equals + 1)});
    if (!reply) return report(reply.error());
  }
  return kOk;
}

}  // namespace

int pools(Session const& session, PoolOptions const& options) {
  using enum PoolOptions::Action;
  switch (options.action) {
    case list: return list_pools(session);
    case info: return show_pools(session, options);
    case add: return add_pool(session, options);
    case set: return set_pool(session, options);
    case drivers: return list_drivers(session);
    case remove: break;
  }
  for (auto const& name : options.pools) {
    auto const reply = session.client.call({.method = "admin.pool.Remove", .argument = name});
    if (!reply) return report(reply.error());
  }
  return kOk;
}

}  // namespace bh::cli
