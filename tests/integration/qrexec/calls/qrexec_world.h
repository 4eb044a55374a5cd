// A folder with vchans, services and policy of its own, and the real programs started in it as any user.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/child_process.h"
#include "base/temp_dir.h"

namespace bh::qrexec_test {

struct Finished {
  int code = -1;
  std::string output;
  std::string errors;
};

class QrexecWorld {
 public:
  QrexecWorld();

  [[nodiscard]] std::filesystem::path folder() const { return temp_.path(); }
  [[nodiscard]] std::filesystem::path vchan(int server, int client, int port) const;
  [[nodiscard]] std::filesystem::path local_socket(std::string const& qube) const { return folder() / "s" / ("qrexec." + qube); }
  [[nodiscard]] std::filesystem::path agent_socket(int domain) const { return folder() / ("agent." + std::to_string(domain)); }
  [[nodiscard]] static std::string user();

  void write(std::string const& name, std::string const& content, unsigned mode = 0644) const;
  void service(std::string const& name, std::string const& script) const { write("rpc/" + name, "#!/bin/sh\n" + script, 0755); }

  [[nodiscard]] ChildProcess start(int domain, std::vector<std::string> words) const;
  [[nodiscard]] ChildProcess agent(int domain) const;
  [[nodiscard]] ChildProcess daemon(int domain, std::string const& name) const;
  // Agent and daemon, waited for.
  void qube(int domain, std::string const& name);
  // Runs to its end with `input`.
  [[nodiscard]] Finished run(int domain, std::vector<std::string> words, std::string const& input = {}) const;
  [[nodiscard]] Finished client(std::string const& qube, std::string const& command, std::string const& input = {}) const;
  [[nodiscard]] Finished client_vm(int domain, std::vector<std::string> words, std::string const& input = {}) const;

  std::vector<ChildProcess> running;
  // What daemons ask: a stand-in, unless a test takes the real one.
  std::filesystem::path policy_program;
  // A program of the build.
  [[nodiscard]] static std::filesystem::path program(std::string const& name);
  ~QrexecWorld();

 private:
  [[nodiscard]] SpawnOptions options(int domain, std::vector<std::string> words) const;
  TempDir temp_;
};

// Polled for up to 20 s.
bool eventually(std::function<bool()> const& condition);

}  // namespace bh::qrexec_test
