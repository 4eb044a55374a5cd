// A host as a tree of files. The plain ones are sound; a test changes what it is about.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/temp_dir.h"
#include "hypervisor/host/finding.h"
#include "hypervisor/host/host_facts.h"
#include "hypervisor/host/read_host_facts.h"

namespace bh::host {

class HostFixture {
 public:
  static HostFixture intel();  // bare metal, SMT off in the firmware
  static HostFixture amd();
  static HostFixture empty();

  HostFixture& file(std::string const& path, std::string const& content);
  HostFixture& remove(std::string const& path);
  HostFixture& vulnerability(std::string const& name, std::string const& text) { return file("sys/devices/system/cpu/vulnerabilities/" + name, text + "\n"); }
  HostFixture& flags(std::string const& more);
  HostFixture& link(std::string const& path, std::string const& target);
  HostFixture& mode(std::string const& path, unsigned bits);

  Asker asker{.uid = 1000, .user = "ann", .core_scheduling = false};
  [[nodiscard]] HostFacts facts() const { return read_host_facts(dir_.path(), asker); }
  [[nodiscard]] std::filesystem::path const& root() const { return dir_.path(); }
  [[nodiscard]] HostFacts cpu_facts() const { return read_cpu_facts(dir_.path()); }
  // Every finding that is not ok.
  [[nodiscard]] std::map<std::string, Level> troubles() const;
  [[nodiscard]] Finding finding(std::string_view id) const;

 private:
  explicit HostFixture(TempDir dir) : dir_(std::move(dir)) {}
  static HostFixture common(std::string const& cpuinfo);
  TempDir dir_;
};

}  // namespace bh::host
