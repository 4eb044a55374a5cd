#include "dom0/cli/commands.h"
#include "dom0/cli/output.h"

namespace bh::cli {

namespace {

// The same seven methods exist for a qube and for the system.
struct Target {
  std::string prefix;
  std::string destination;
  [[nodiscard]] admin::Call call(char const* method, std::string argument = {}, std::string payload = {}) const {
    return {prefix + method, std::move(argument), destination, std::move(payload)};
  }
};

int print_one(Session const& session, Target const& target, std::string const& name) {
  auto const reply = session.client.call(target.call("Get", name));
  if (!reply) return report(reply.error());
  auto const value = admin::parse_property(*reply);
  if (!value) return report({admin::kUnreachable, "bulkheadd's answer is not a property"});
  if (session.json) print_json(Record{{"name", name}, {"value", value->value}, {"default", value->is_default}, {"type", value->type}});
  else std::puts(value->value.c_str());
  return kOk;
}

int print_all(Session const& session, Target const& target, bool hide_default) {
  auto const reply = session.client.call(target.call("GetAll"));
  if (!reply) return report(reply.error());
  std::vector<Record> records;
  std::vector<std::vector<std::string>> rows;
  for (auto const& [name, value] : admin::parse_property_lines(*reply)) {
    if (hide_default && value.is_default) continue;
    records.push_back({{"name", name}, {"value", value.value}, {"default", value.is_default}, {"type", value.type}});
    rows.push_back({name, value.is_default ? "D" : "-", value.value});
  }
  if (session.json) print_json(records);
  else print_table({}, rows);
  return kOk;
}

int print_help(Session const& session, Target const& target) {
  auto const reply = session.client.call(target.call("List"));
  if (!reply) return report(reply.error());
  for (auto const& name : admin::parse_lines(*reply)) {
    auto const help = session.client.call(target.call("Help", name));
    if (!help) return report(help.error());
    std::printf("%s\n    %s\n", name.c_str(), help->c_str());
  }
  return kOk;
}

}  // namespace

int preferences(Session const& session, PrefsOptions const& options) {
  Target const target = options.qube ? Target{"admin.vm.property.", *options.qube} : Target{"admin.property.", "dom0"};
  if (options.help_properties) return print_help(session, target);
  if (!options.name) return print_all(session, target, options.hide_default);
  if (options.reset && options.value) {
    print_error("either a value or --default");
    return kUsage;
  }
  if (!options.reset && !options.value) return print_one(session, target, *options.name);
  auto const reply = session.client.call(options.reset ? target.call("Reset", *options.name) : target.call("Set", *options.name, *options.value));
  return reply ? kOk : report(reply.error());
}

int features(Session const& session, FeatureOptions const& options) {
  auto const call = [&](char const* method, std::string argument = {}, std::string payload = {}) {
    return session.client.call({std::string("admin.vm.feature.") + method, std::move(argument), options.qube, std::move(payload)});
  };
  if (options.name) {
    auto const reply = options.unset ? call("Remove", *options.name) : options.value ? call("Set", *options.name, *options.value) : call("Get", *options.name);
    if (!reply) return report(reply.error());
    if (options.unset || options.value) return kOk;
    if (session.json) print_json(Record{{"name", *options.name}, {"value", *reply}});
    else std::puts(reply->c_str());
    return kOk;
  }
  auto const names = call("List");
  if (!names) return report(names.error());
  std::vector<Record> records;
  std::vector<std::vector<std::string>> rows;
  for (auto const& name : admin::parse_lines(*names)) {
    auto const value = call("Get", name);
    if (!value) continue;  // removed meanwhile
    records.push_back({{"name", name}, {"value", *value}});
    rows.push_back({name, *value});
  }
  if (session.json) print_json(records);
  else print_table({}, rows);
  return kOk;
}

int tags(Session const& session, TagOptions const& options) {
  if (options.action == TagOptions::Action::list) {
    auto const reply = session.client.call({.method = "admin.vm.tag.List", .destination = options.qube});
    if (!reply) return report(reply.error());
    auto const all = admin::parse_lines(*reply);
    if (session.json) {
      std::vector<Record> records;
      for (auto const& tag : all) records.push_back({{"tag", tag}});
      print_json(records);
      return kOk;
    }
    bool found = options.tags.empty();
    for (auto const& tag : all) {
      if (!options.tags.empty() && tag != options.tags.front()) continue;
      found = true;
      std::puts(tag.c_str());
    }
    return found ? kOk : kFailed;
  }
  char const* const method = options.action == TagOptions::Action::add ? "admin.vm.tag.Set" : "admin.vm.tag.Remove";
  int status = kOk;
  for (auto const& tag : options.tags) {
    auto const reply = session.client.call({.method = method, .argument = tag, .destination = options.qube});
    if (!reply) status = report(reply.error());
  }
  return status;
}

}  // namespace bh::cli
