#include "copy_harness.h"

#include <fcntl.h>
#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <thread>

namespace bh::test {

std::filesystem::path program(std::string const& name) {
  char const* const folder = std::getenv("BH_BIN");
  BH_ASSERT(folder != nullptr);
  return std::filesystem::path(folder) / name;
}

CopyHarness::CopyHarness() : folder_(*TempDir::create("copy-test")), base_(folder_.path() / "home") {
  ::signal(SIGPIPE, SIG_IGN);
  std::filesystem::create_directories(source());
  std::filesystem::create_directories(base_);
}

std::string CopyHarness::write(std::string const& name, std::string const& text) const {
  std::filesystem::create_directories((source() / name).parent_path());
  std::ofstream(source() / name, std::ios::binary) << text;
  return (source() / name).string();
}

ChildProcess CopyHarness::start_receiver(UniqueFd const& input, UniqueFd const& output, std::string const& service_argument) const {
  SpawnOptions options;
  options.argv = {program("qfile-receive").string(), "--incoming-base", base_.string()};
  if (!service_argument.empty()) options.argv.push_back(service_argument);
  options.fds = {{&input, 0}, {&output, 1}};
  options.environment = {{"QREXEC_REMOTE_DOMAIN", "work"}};
  options.die_with_parent = true;
  return *ChildProcess::spawn(options);
}

ChildProcess CopyHarness::start_sender(UniqueFd const& stream, UniqueFd const& reply, UniqueFd const& errors,
                                       std::vector<std::string> const& arguments) const {
  SpawnOptions options;
  options.argv = {program("qfile-send").string()};
  options.argv.insert(options.argv.end(), arguments.begin(), arguments.end());
  options.fds = {{&reply, 0}, {&stream, 1}, {&errors, 2}};
  options.environment = {{"PROGRESS_TYPE", std::nullopt}};
  options.die_with_parent = true;
  return *ChildProcess::spawn(options);
}

CopyOutcome CopyHarness::copy(std::vector<std::string> const& files, std::vector<std::string> options, std::string const& service_argument,
                              std::function<void()> const& meanwhile) const {
  auto stream = *make_socket_pair();
  auto reply = *make_pipe();
  auto const errors_file = folder() / "sender-stderr";
  UniqueFd const errors = *open_file(errors_file, O_WRONLY | O_CREAT | O_TRUNC);
  auto receiver = start_receiver(stream.second, reply.second, service_argument);
  options.push_back("--");
  options.insert(options.end(), files.begin(), files.end());
  auto sender = start_sender(stream.first, reply.first, errors, options);
  stream = {};
  reply = {};
  if (meanwhile) meanwhile();
  auto const sent = sender.wait(soon());
  auto const received = receiver.wait(soon());
  BH_ASSERT(sent.ok() && *sent && received.ok() && *received);
  return {(*sent)->code, (*received)->code, *read_file(errors_file, 1 << 20)};
}

CopyHarness::Answer CopyHarness::receive(ByteSpan bytes) const {
  auto stream = *make_socket_pair();
  auto reply = *make_pipe();
  auto receiver = start_receiver(stream.second, reply.second, "");
  stream.second.reset();
  reply.second.reset();
  // It may hear enough before the end.
  (void)write_all(stream.first, bytes).ok();
  stream.first.reset();
  Bytes said;
  std::byte piece[4096];
  for (;;) {
    auto const got = read_some(reply.first, piece);
    if (!got || *got == 0) break;
    said.insert(said.end(), piece, piece + *got);
  }
  auto const status = receiver.wait(soon());
  BH_ASSERT(status.ok() && *status);
  auto const result = qfile::decode_result(said, true);
  BH_ASSERT(result.ok() && *result);
  return {(*status)->code, **result};
}

std::vector<std::string> listing(std::filesystem::path const& folder) {
  std::vector<std::string> lines;
  std::error_code failed;
  for (std::filesystem::recursive_directory_iterator entry(folder, failed), end; !failed && entry != end; entry.increment(failed)) {
    std::string const name = entry->path().lexically_relative(folder).string();
    if (entry->is_symlink()) {
      lines.push_back(name + " -> " + std::filesystem::read_symlink(entry->path()).string());
    } else if (entry->is_directory()) {
      lines.push_back(name + "/");
    } else {
      std::ifstream file(entry->path(), std::ios::binary);
      lines.push_back(name + " = " + std::string(std::istreambuf_iterator<char>(file), {}));
    }
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

}  // namespace bh::test
