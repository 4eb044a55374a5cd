// doctor: is this host fit, and if not, what to do.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "dom0/cli/commands.h"
#include "dom0/cli/doctor_checks.h"
#include "dom0/cli/doctor_report.h"
#include "dom0/cli/output.h"
#include "hypervisor/host/judge.h"
#include "hypervisor/host/qemu_facts.h"
#include "hypervisor/host/read_host_facts.h"

namespace bh::cli {

using host::Findings;

namespace {

void append(Findings& to, Findings const& from) { to.insert(to.end(), from.begin(), from.end()); }

// What this machine runs, besides what it is.
Findings own_findings(Session const& session) {
  Findings findings{daemon_check(session)};
  bool const answers = findings.front().level == host::Level::ok;
  findings.push_back(accel_check(session, answers));
  findings.push_back(jail_check(jail::strongest_level(jail::read_host_facts())));
  findings.push_back(host::judge_qemu(host::ask_qemu("qemu-system-x86_64")));
  append(findings, {programs_check(session), template_check(session), policy_check(session), mode_check(session), pool_check(session)});
  DisplayNames const names = display_names();
  bool const none = names.x11.empty() && names.wayland.empty();
  append(findings, judge_displays(names, none ? Result<DisplayAnswer>(DisplayAnswer{}) : ask_displays(session)));
  return findings;
}

void print_findings_json(Findings const& findings) {
  std::vector<Record> records;
  for (auto const& finding : findings) {
    records.push_back({{"check", finding.id}, {"group", std::string(to_string(finding.group))}, {"health", std::string(to_string(finding.level))},
                       {"detail", finding.what}, {"hint", finding.to_do.empty() ? Field{} : Field{finding.to_do}}});
  }
  print_json(records);
}

}  // namespace

int doctor(Session const& session, DoctorOptions const& options) {
  std::filesystem::path const root = options.host_files.value_or("/");
  std::error_code error;
  if (!std::filesystem::is_directory(root, error)) {
    print_error("there is no folder " + root.string());
    return kUsage;
  }
  Findings findings;
  // Files of another host say nothing of this one's daemons and displays.
  if (!options.host_files) findings = own_findings(session);
  append(findings, host::judge(host::read_host_facts(root, host::this_process())));
  if (session.json) {
    print_findings_json(findings);
  } else {
    std::fputs(report_text(findings, {.every_detail = options.all, .colors = is_terminal(STDOUT_FILENO) && std::getenv("NO_COLOR") == nullptr}).c_str(), stdout);
  }
  return fit(findings) ? kOk : kFailed;
}

}  // namespace bh::cli
