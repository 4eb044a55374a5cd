// Runs qfile-send and qfile-receive against each other, or one of them against bytes of our own.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/child_process.h"
#include "base/temp_dir.h"
#include "qrexec/services/qfile_format.h"

namespace bh::test {

std::filesystem::path program(std::string const& name);
// A receiver flushes its whole file system, which here is one that builds write to.
inline Deadline soon() { return Clock::now() + std::chrono::minutes(10); }

struct CopyOutcome {
  int sender = -1;
  int receiver = -1;
  std::string sender_says;  // its stderr
};

class CopyHarness {
 public:
  CopyHarness();
  [[nodiscard]] std::filesystem::path source() const { return folder_.path() / "src"; }
  // Where files of the qube "work" arrive.
  [[nodiscard]] std::filesystem::path arrived() const { return base_ / "QubesIncoming" / "work"; }
  [[nodiscard]] std::filesystem::path const& base() const { return base_; }
  // Another folder for QubesIncoming, e.g. on a small file system.
  void set_base(std::filesystem::path base) { base_ = std::move(base); }
  [[nodiscard]] std::filesystem::path folder() const { return folder_.path(); }
  std::string write(std::string const& name, std::string const& text) const;

  // `meanwhile` runs while both are at it.
  CopyOutcome copy(std::vector<std::string> const& files, std::vector<std::string> options = {},
                   std::string const& service_argument = "", std::function<void()> const& meanwhile = {}) const;
  // What a receiver answers to these bytes and then the end of the stream.
  struct Answer {
    int exit = -1;
    qfile::TransferResult result;
  };
  [[nodiscard]] Answer receive(ByteSpan stream) const;

  ChildProcess start_receiver(UniqueFd const& input, UniqueFd const& output, std::string const& service_argument) const;
  ChildProcess start_sender(UniqueFd const& stream, UniqueFd const& reply, UniqueFd const& errors, std::vector<std::string> const& arguments) const;

 private:
  TempDir folder_;
  std::filesystem::path base_;
};

// Every file below a folder with its bytes, links with their targets, folders with a slash; nothing else of them.
std::vector<std::string> listing(std::filesystem::path const& folder);

}  // namespace bh::test
