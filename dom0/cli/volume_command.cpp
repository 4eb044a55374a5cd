#include <algorithm>

#include "base/number.h"
#include "dom0/cli/output.h"
#include "dom0/cli/volume_commands.h"
#include "dom0/cli/volume_stream.h"

namespace bh::cli {

namespace {

// Copies of large volumes are made before the answer comes.
constexpr std::chrono::hours kCopyLimit{6};

struct Target {
  std::string qube;
  std::string volume;
};

std::optional<Target> parse_target(std::string const& text) {
  auto const colon = text.find(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == text.size()) {
    print_error(text + " names no volume; it is QUBE:VOLUME, for instance work:private");
    return std::nullopt;
  }
  return Target{text.substr(0, colon), text.substr(colon + 1)};
}

admin::Reply ask(Session const& session, Target const& target, std::string const& method, std::string payload = {}, std::chrono::milliseconds limit = std::chrono::minutes(2)) {
  return session.client.call({"admin.vm.volume." + method, target.volume, target.qube, std::move(payload)}, limit);
}

Record record_of(std::map<std::string, std::string> const& facts) {
  Record record;
  for (auto const& [key, value] : facts) {
    auto const number = parse_decimal(value, INT64_MAX);
    if (value == "-1") record.emplace_back(key, std::int64_t{-1});
    else if (number) record.emplace_back(key, static_cast<std::int64_t>(*number));
    else if (value == "True" || value == "False") record.emplace_back(key, value == "True");
    else record.emplace_back(key, value);
  }
  return record;
}

Result<std::vector<std::string>, admin::Exception> qubes_of(Session const& session, VolumeOptions const& options) {
  if (!options.qubes.empty()) return options.qubes;
  auto const reply = session.client.call({.method = "admin.vm.List"});
  if (!reply) return Failure{reply.error()};
  std::vector<std::string> names;
  for (auto const& qube : admin::parse_vm_list(*reply)) names.push_back(qube.name);
  return names;
}

int list_volumes(Session const& session, VolumeOptions const& options) {
  auto const qubes = qubes_of(session, options);
  if (!qubes) return report(qubes.error());
  std::vector<Record> records;
  std::vector<std::vector<std::string>> rows;
  for (auto const& qube : *qubes) {
    auto const names = session.client.call({.method = "admin.vm.volume.List", .destination = qube});
    if (!names) return report(names.error());
    for (auto const& volume : admin::parse_lines(*names)) {
      auto const info = ask(session, {qube, volume}, "Info");
      if (!info) {
        (void)report(info.error());
        continue;
      }
      auto facts = admin::parse_pairs(*info, '\n');
      if (!options.pool.empty() && facts["pool"] != options.pool) continue;
      auto const size = parse_decimal(facts["size"]);
      auto const used = parse_decimal(facts["usage"]);
      rows.push_back({facts["pool"] + ":" + facts["vid"], qube, volume, size ? show_size(*size) : "-", used ? show_size(*used) : "-"});
      Record record{{"qube", qube}, {"volume", volume}};
      for (auto& field : record_of(facts)) record.push_back(std::move(field));
      records.push_back(std::move(record));
    }
  }
  if (session.json) print_json(records);
  else print_table({"POOL:VOLUME", "QUBE", "VOLUME", "SIZE", "USED"}, rows);
  return kOk;
}

int show_volume(Session const& session, VolumeOptions const& options, Target const& target) {
  auto const info = ask(session, target, "Info");
  if (!info) return report(info.error());
  auto const snapshots = ask(session, target, "ListSnapshots");
  if (!snapshots) return report(snapshots.error());
  auto const facts = admin::parse_pairs(*info, '\n');
  auto const revisions = admin::parse_lines(*snapshots);
  if (options.property) {
    if (*options.property == "revisions") {
      for (auto const& revision : revisions) std::puts(revision.c_str());
      return kOk;
    }
    auto const found = facts.find(*options.property);
    if (found == facts.end()) {
      print_error("volumes have no property " + *options.property);
      return kFailed;
    }
    std::puts(found->second.c_str());
    return kOk;
  }
  if (session.json) {
    Record record = record_of(facts);
    std::string joined;
    for (auto const& revision : revisions) joined += (joined.empty() ? "" : " ") + revision;
    record.emplace_back("revisions", joined);
    print_json(record);
    return kOk;
  }
  std::vector<std::vector<std::string>> rows;
  for (auto const& [key, value] : facts) rows.push_back({key, value});
  print_table({}, rows);
  if (revisions.empty()) std::puts("No revisions to go back to.");
  else std::puts("Revisions, oldest first (for `revert`):");
  for (auto const& revision : revisions) std::printf("  %s\n", revision.c_str());
  return kOk;
}

int resize_volume(Session const& session, VolumeOptions const& options, Target const& target) {
  auto const size = parse_size(options.size);
  if (!size) {
    print_error(options.size + " is no size; write bytes, or a number with K, M, G or T");
    return kUsage;
  }
  // The guest grows its file system meanwhile.
  auto const reply = ask(session, target, "Resize", std::to_string(*size), std::chrono::minutes(10));
  return reply ? kOk : report(reply.error());
}

int clone_volume(Session const& session, VolumeOptions const& options, Target const& target) {
  auto const source = parse_target(options.source);
  if (!source) return kUsage;
  auto const token = ask(session, *source, "CloneFrom");
  if (!token) return report(token.error());
  Progress const progress("copying " + options.source);
  auto const reply = ask(session, target, "CloneTo", *token, kCopyLimit);
  return reply ? kOk : report(reply.error());
}

int import_volume(Session const& session, VolumeOptions const& options, Target const& target) {
  std::optional<std::uint64_t> size;
  if (!options.size.empty() && !(size = parse_size(options.size))) {
    print_error(options.size + " is no size; write bytes, or a number with K, M, G or T");
    return kUsage;
  }
  auto source = ImportSource::open(options.file);
  if (!source) return report({"QubesException", source.error().message});
  if (!size && !options.no_resize) size = source->size();
  auto const internal = [&](char const* method, std::string payload) {
    return session.client.call({std::string("internal.vm.volume.") + method, target.volume, target.qube, std::move(payload)}, kCopyLimit);
  };
  // Whole pages: a volume has no others, and what is missing of the last is zero.
  auto const begun = internal("ImportBegin", size ? std::to_string((*size + 4095) / 4096 * 4096) : "");
  if (!begun) return report(begun.error());
  auto const blank = begun->find(' ');
  auto const room = parse_decimal(std::string_view(*begun).substr(0, blank));
  if (blank == std::string::npos || !room) return report({admin::kUnreachable, "bulkheadd's answer is no place to import to"});
  auto const copied = [&] {
    Progress const progress("importing into " + options.target);
    return source->copy_into(begun->substr(blank + 1), ByteCount(*room));
  }();
  auto const ended = internal("ImportEnd", copied ? "ok" : "fail\n" + copied.error().message);
  return ended ? kOk : report(ended.error());
}

int export_volume(Session const& session, VolumeOptions const& options, Target const& target) {
  auto const info = ask(session, target, "Info");
  if (!info) return report(info.error());
  auto facts = admin::parse_pairs(*info, '\n');
  if (facts["path"].empty()) return report({"QubesException", options.target + " has no content of its own; export " + facts["source"] + " instead"});
  Progress const progress("exporting " + options.target);
  auto const done = export_file(facts["path"], options.file);
  return done ? kOk : report({"QubesException", done.error().message});
}

}  // namespace

int volumes(Session const& session, VolumeOptions const& options) {
  using enum VolumeOptions::Action;
  if (options.action == list) return list_volumes(session, options);
  auto const target = parse_target(options.target);
  if (!target) return kUsage;
  auto const simple = [&](std::string const& method, std::string payload = {}) {
    auto const reply = ask(session, *target, method, std::move(payload), kCopyLimit);
    return reply ? kOk : report(reply.error());
  };
  switch (options.action) {
    case list: break;
    case info: return show_volume(session, options, *target);
    case config:
      if (*options.property != "revisions_to_keep" && *options.property != "rw" && *options.property != "ephemeral") {
        print_error("revisions_to_keep, rw and ephemeral can be set; for the size see `resize`");
        return kUsage;
      }
      return simple("Set." + *options.property, *options.value);
    case resize: return resize_volume(session, options, *target);
    case revert: return simple("Revert", options.value.value_or(""));
    case clear: return simple("Clear");
    case clone: return clone_volume(session, options, *target);
    case import_data: return import_volume(session, options, *target);
    case export_data: return export_volume(session, options, *target);
  }
  return kUsage;
}

}  // namespace bh::cli
