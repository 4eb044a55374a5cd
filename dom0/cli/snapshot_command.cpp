#include <cstdio>
#include <ctime>

#include "base/number.h"
#include "dom0/cli/commands.h"
#include "dom0/cli/output.h"

namespace bh::cli {

namespace {

// Several times what a boot takes on a slow host.
constexpr std::chrono::minutes kBuildLimit{10};

std::string date_of(std::string const& seconds) {
  auto const number = parse_decimal(seconds, INT64_MAX);
  std::time_t const time = static_cast<std::time_t>(number.value_or(0));
  std::tm fields{};
  char text[32];
  if (!number || ::localtime_r(&time, &fields) == nullptr || std::strftime(text, sizeof text, "%Y-%m-%d %H:%M", &fields) == 0) return "?";
  return text;
}

int list(Session const& session) {
  auto const reply = session.client.call({.method = "bulkhead.snapshot.List"});
  if (!reply) return report(reply.error());
  std::vector<Record> records;
  for (auto const& line : admin::parse_lines(*reply)) {
    // KEY made=UNIX size=BYTES note=TEXT: the note, which holds blanks, is last.
    std::size_t const note = line.find(" note=");
    auto fields = admin::parse_pairs(line.substr(0, note), ' ');
    std::string const text = note == std::string::npos ? "" : line.substr(note + 6);
    if (session.json) {
      records.push_back({{"key", line.substr(0, 64)}, {"made", fields["made"]}, {"size", fields["size"]}, {"note", text}});
    } else {
      std::printf("%s  %s  %5llu MiB  %s\n", line.substr(0, 12).c_str(), date_of(fields["made"]).c_str(),
                  static_cast<unsigned long long>(parse_decimal(fields["size"], UINT64_MAX).value_or(0) >> 20U), text.c_str());
    }
  }
  if (session.json) print_json(records);
  return kOk;
}

int build(Session const& session, std::vector<std::string> const& qubes) {
  int status = kOk;
  for (auto const& qube : qubes) {
    Progress const progress("preparing a snapshot for qubes like " + qube);
    auto const made = session.client.call({.method = "bulkhead.snapshot.Build", .destination = qube}, kBuildLimit);
    if (!made) status = report(made.error());
  }
  return status;
}

// Each word is the beginning of one key, as the list shows it, or "all".
int remove(Session const& session, std::vector<std::string> const& words) {
  auto const reply = session.client.call({.method = "bulkhead.snapshot.List"});
  if (!reply) return report(reply.error());
  int status = kOk;
  for (auto const& word : words) {
    std::vector<std::string> keys;
    for (auto const& line : admin::parse_lines(*reply)) if (word == "all" || line.starts_with(word)) keys.push_back(line.substr(0, 64));
    if (word != "all" && keys.size() != 1) {
      print_error((keys.empty() ? "there is no snapshot " : "more than one snapshot begins with ") + word + "; see bulkhead snapshot list");
      status = kFailed;
      continue;
    }
    for (auto const& key : keys) {
      auto const gone = session.client.call({.method = "bulkhead.snapshot.Remove", .argument = key});
      if (!gone) status = report(gone.error());
    }
  }
  return status;
}

}  // namespace

int snapshots(Session const& session, SnapshotOptions const& options) {
  switch (options.action) {
    case SnapshotOptions::Action::list: return list(session);
    case SnapshotOptions::Action::build: return build(session, options.words);
    case SnapshotOptions::Action::remove: return remove(session, options.words);
  }
  return kUsage;
}

}  // namespace bh::cli
