// The policy programs in a root of their own: real files, an admin daemon of the test's, real exit statuses.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/posix_io.h"
#include "base/temp_dir.h"

namespace bh::policy::test {

// dom0, work, untrusted and vault, as internal.GetSystemInfo tells them.
extern char const kSystem[];

struct Ran {
  int status = -1;
  std::string output;
  std::string errors;
};

// An admin daemon that answers calls with `reply`, one after the other; an empty one just closes.
class FakeAdmin {
 public:
  FakeAdmin(std::filesystem::path const& socket, std::string reply);
  ~FakeAdmin();
  std::string request_;  // the last one; to be read when the program that asked has ended

 private:
  void serve();
  std::string reply_;
  UniqueFd listener_;
  std::thread thread_;
};

class PolicyWorld : public testing::Test {
 protected:
  void SetUp() override;
  [[nodiscard]] std::filesystem::path root() const { return folder_->path(); }
  [[nodiscard]] std::string path(std::string const& name) const { return (root() / name).string(); }
  void write(std::string const& name, std::string const& text) const;
  void policy(std::string const& text) const { write("etc/policy.d/30-test.policy", text); }

  // argv[0] is a program of the build. Runs to its end.
  [[nodiscard]] Ran run(std::string const& program, std::vector<std::string> arguments, std::string const& input = {},
                        std::vector<std::pair<std::string, std::optional<std::string>>> environment = {}) const;
  [[nodiscard]] Ran decide(std::string const& source, std::string const& target, std::string const& service,
                           std::vector<std::string> options = {}) const;
  [[nodiscard]] static std::string answer() { return std::string("0\0", 2) + kSystem; }
  [[nodiscard]] static std::filesystem::path program(std::string const& name);

 private:
  std::optional<TempDir> folder_;
};

}  // namespace bh::policy::test
