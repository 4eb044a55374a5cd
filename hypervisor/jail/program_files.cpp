#include "hypervisor/jail/program_files.h"

#include <algorithm>
#include <cerrno>

#include "base/program_output.h"
#include "base/posix_io.h"

namespace bh::jail {

namespace fs = std::filesystem;

namespace {

constexpr char const* kLinker = "/lib64/ld-linux-x86-64.so.2";
constexpr std::size_t kMaxList = 65536;

Result<std::string> output_of(std::vector<std::string> argv) {
  std::string const name = argv[0];
  BH_TRY(done, program_output({.argv = std::move(argv), .fds = {}, .environment = {}, .working_directory = "/", .die_with_parent = true}, {kMaxList, std::chrono::seconds(20)}));
  if (done.status.code == 0) return std::move(done.text);
  return Failure{Error{name + " failed", ECANCELED}};
}

// /lib is a link to /usr/lib on today's systems; inside the jail the linker finds a library in either, so one of them is enough.
fs::path without_links_above(fs::path const& file) {
  std::error_code error;
  fs::path const folder = fs::canonical(file.parent_path(), error);
  return error ? file : folder / file.filename();
}

void add_once(std::vector<JailFile>& files, JailFile file) {
  if (std::find(files.begin(), files.end(), file) == files.end()) files.push_back(std::move(file));
}

Result<void> add_libraries(fs::path const& file, std::vector<JailFile>& files) {
  BH_TRY(list, output_of({kLinker, "--list", file.string()}));
  for (auto const& library : parse_linker_list(list)) {
    // The linker itself is named in every program by this very path.
    fs::path const inside = library == kLinker ? library : without_links_above(library);
    std::error_code error;
    fs::path const source = fs::canonical(library, error);
    if (error) return Failure{Error{"cannot find " + library.string() + ", which " + file.string() + " needs", error.value()}};
    add_once(files, JailFile{source, inside});
  }
  return {};
}

}  // namespace

std::vector<fs::path> parse_linker_list(std::string_view text) {
  std::vector<fs::path> files;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    // "\tname => /path (0xADDRESS)" or "\t/path (0xADDRESS)"; others ("linux-vdso.so.1 (...)", "statically linked") name no file.
    std::size_t const end = line.rfind(" (0x");
    if (end == std::string_view::npos) continue;
    line = line.substr(0, end);
    if (std::size_t const arrow = line.find(" => "); arrow != std::string_view::npos) line = line.substr(arrow + 4);
    while (!line.empty() && line.front() == '\t') line.remove_prefix(1);
    if (line.starts_with('/')) files.emplace_back(line);
  }
  return files;
}

Result<fs::path> find_program(fs::path const& name) {
  std::vector<fs::path> candidates{name};
  if (!name.has_parent_path()) candidates = {"/usr/bin" / name, "/usr/local/bin" / name, "/bin" / name};
  std::error_code error;
  for (auto const& candidate : candidates) {
    fs::path found = fs::canonical(candidate, error);
    if (!error && fs::is_regular_file(found, error)) return found;
  }
  return Failure{Error{"cannot find the program " + name.string() + "; is its package installed?", ENOENT}};
}

Result<std::vector<JailFile>> program_files(fs::path const& program, std::vector<fs::path> const& modules) {
  std::vector<JailFile> files{JailFile{program, program}};
  BH_CHECK(add_libraries(program, files));
  for (auto const& module : modules) {
    add_once(files, JailFile{module, module});
    BH_CHECK(add_libraries(module, files));
  }
  return files;
}

Result<QemuFiles> qemu_files(fs::path const& name) {
  BH_TRY(program, find_program(name));
  std::vector<fs::path> modules;
  fs::path const accelerator = "/usr/lib/x86_64-linux-gnu/qemu/accel-tcg-x86_64.so";
  std::error_code error;
  // Built in where it is not a module.
  if (fs::exists(accelerator, error)) modules.push_back(accelerator);
  BH_TRY(tcg, program_files(program, modules));
  for (char const* firmware : {"qboot.rom", "kvmvapic.bin", "pvh.bin"}) {
    fs::path const inside = fs::path("/usr/share/qemu") / firmware;
    fs::path source = fs::canonical(inside, error);
    if (error) source = fs::canonical(fs::path("/usr/share/seabios") / firmware, error);
    if (error) return Failure{Error{"cannot find QEMU's firmware " + inside.string() + "; install qemu-system-data", ENOENT}};
    tcg.push_back(JailFile{std::move(source), inside});
  }
  tcg.push_back(JailFile{"/dev/null", "/dev/null", true});
  auto kvm = tcg;
  kvm.push_back(JailFile{"/dev/kvm", "/dev/kvm", true});
  return QemuFiles{program, std::move(tcg), std::move(kvm)};
}

}  // namespace bh::jail
