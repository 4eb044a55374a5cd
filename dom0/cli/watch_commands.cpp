// events and log: what happens, and what happened.
#include <algorithm>
#include <cstdio>
#include <deque>
#include <limits>

#include "base/display_text.h"
#include "base/file_tail.h"
#include "dom0/cli/commands.h"
#include "dom0/cli/output.h"
#include "hypervisor/vchan/domain.h"

namespace bh::cli {

namespace {
constexpr std::size_t kMaxShown = std::size_t{16} << 20;
}

int follow_events(Session const& session, EventOptions const& options) {
  int left = options.count.value_or(std::numeric_limits<int>::max());
  Deadline const deadline = options.timeout ? Clock::now() + std::chrono::seconds(*options.timeout) : Deadline::max();
  auto const result = session.client.follow_events(options.qube, deadline, [&](admin::Event const& event) {
    if (session.json) {
      Record record{{"subject", event.subject}, {"event", event.name}};
      for (auto const& [key, value] : event.values) record.emplace_back(key, value);
      print_json(record);
    } else {
      std::string line = (event.subject.empty() ? "-" : event.subject) + " " + event.name;
      for (auto const& [key, value] : event.values) line += " " + key + "=" + value;
      std::puts(for_display(line, 4096).c_str());
    }
    std::fflush(stdout);
    return --left > 0 ? admin::Client::Next::more : admin::Client::Next::stop;
  });
  if (result) return kOk;
  // The end of the time that was asked for is no failure.
  if (options.timeout && result.error().type == admin::kTimeout) return kOk;
  return report(result.error());
}

std::vector<std::string> log_lines(std::string_view text, std::size_t count) {
  std::deque<std::string> last;
  while (!text.empty()) {
    std::size_t const end = text.find('\n');
    std::string line(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    while (line.ends_with('\r')) line.pop_back();
    std::replace(line.begin(), line.end(), '\t', ' ');
    // GUARD: a console log holds whatever the guest printed: escape sequences, and carriage returns and backspaces that would show one
    // thing and hide another.
    last.push_back(for_display(line, 4096));
    if (last.size() > count) last.pop_front();
  }
  return {last.begin(), last.end()};
}

int show_log(Session const& session, LogOptions const& options) {
  bool const daemon = options.qube == "bulkheadd";
  if (!daemon && !DomainName::parse(options.qube)) {
    print_error(options.qube + " is not a qube's name");
    return kUsage;
  }
  auto path = session.paths.log() / (daemon ? "bulkheadd.log" : options.qube + "-" + options.what + ".log");
  // A running qube's console is still in its run folder.
  auto const live = session.paths.qube_run(options.qube) / "console.log";
  std::error_code error;
  if (!daemon && options.what == "console" && std::filesystem::exists(live, error)) path = live;
  auto const text = read_file_tail(path, kMaxShown);
  if (!text) return report({"", "there is no such log: " + text.error().message});
  for (auto const& line : log_lines(*text, static_cast<std::size_t>(options.lines))) std::puts(line.c_str());
  return kOk;
}

}  // namespace bh::cli
