#include "cli/manual.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <fstream>
#include <memory>
#include <vector>

#include "cli/joined.h"

namespace mayfly {
namespace {

constexpr const char* kExitStatus =
    ".SH EXIT STATUS\n"
    "0: success. 1: failure, with a sentence on the standard error. 2: wrong usage.\n";

/// For troff, to which backslashes, hyphens and dots at the beginning of a line mean something.
std::string troff(const std::string& text) {
  std::string out;
  bool begins = true;
  for (const char letter : text) {
    if (begins && (letter == '.' || letter == '\'')) out += "\\&";
    if (letter == '\\') {
      out += "\\e";
    } else if (letter == '-') {
      out += "\\-";
    } else {
      out += letter;
    }
    begins = letter == '\n';
  }
  return out;
}

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

std::string synopsis(const CLI::App& command) {
  std::string line = "mayfly " + command.get_name() + " [OPTIONS]";
  for (const CLI::Option* const option : command.get_options()) {
    if (!option->get_positional()) continue;
    const std::string name = option->get_name(true);
    const bool is_several = option->get_expected_max() > 1;
    line += option->get_required() ? " " + name : " [" + name + "]";
    if (is_several) line += "...";
  }
  return line;
}

std::string options_text(const CLI::App& command) {
  std::string text;
  for (const CLI::Option* const option : command.get_options()) {
    const bool has_value = option->get_expected_max() > 0 && !option->get_positional();
    const std::string name = option->get_name(option->get_positional(), true);
    text += ".TP\n.B " + troff(name) +
            (has_value ? " \\fI" + troff(option->get_type_name()) + "\\fR" : std::string()) + "\n" +
            troff(option->get_description()) + "\n";
    if (!option->get_envname().empty()) {
      text += "Environment: " + troff(option->get_envname()) + "\n";
    }
  }
  return text;
}

std::string page_begin(const std::string& title, const std::string& what) {
  std::string upper;
  for (const char letter : title) {
    upper += static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
  }
  return fmt::format(".TH \"{}\" 1 \"\" \"MayflyFS {}\" \"MayflyFS\"\n.SH NAME\n{} \\- {}\n",
                     troff(upper), MAYFLY_VERSION, troff(title), troff(what));
}

std::string page_of(const CLI::App& command) {
  std::string page = page_begin("mayfly-" + command.get_name(), command.get_description());
  page += ".SH SYNOPSIS\n" + troff(synopsis(command)) + "\n.SH OPTIONS\n" + options_text(command);
  if (!command.get_footer().empty()) {
    page += ".SH NOTES\n.nf\n" + troff(command.get_footer()) + "\n.fi\n";
  }
  return page + kExitStatus + ".SH SEE ALSO\nmayfly(1)\n";
}

std::string front_page(const CLI::App& app) {
  std::string page = page_begin("mayfly", app.get_description());
  page += ".SH SYNOPSIS\nmayfly COMMAND [OPTIONS]\n.SH COMMANDS\n";
  for (const CLI::App* const command : commands_of(app)) {
    page += ".TP\n.B mayfly\\-" + troff(command->get_name()) + "(1)\n" +
            troff(command->get_description()) + "\n";
  }
  return page + kExitStatus;
}

std::string completion_of(const CLI::App& app) {
  std::string names;
  std::string cases;
  for (const CLI::App* const command : commands_of(app)) {
    names += " " + command->get_name();
    std::string options;
    for (const CLI::Option* const option : command->get_options()) {
      for (const std::string& name : option->get_lnames()) options += " --" + name;
      for (const std::string& name : option->get_snames()) options += " -" + name;
    }
    cases += fmt::format("    {}) options=\"{}\" ;;\n", command->get_name(), options.substr(1));
  }
  return fmt::format(R"(# Completion of bash for the command mayfly.
_mayfly() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} options=
  if ((COMP_CWORD == 1)); then
    mapfile -t COMPREPLY < <(compgen -W "{}" -- "$word")
    return
  fi
  case ${{COMP_WORDS[1]}} in
{}  esac
  if [[ $word == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
  else
    mapfile -t COMPREPLY < <(compgen -f -- "$word")
  fi
}}
complete -o filenames -F _mayfly mayfly
)",
                     names.substr(1), cases);
}

bool write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::trunc);
  file << text;
  file.close();
  return !file.fail();
}

int write_manual(const CLI::App& app, const std::string& folder) {
  if (::mkdir(folder.c_str(), 0777) != 0 && errno != EEXIST) {
    return complain(cannot(folder, "made"));
  }
  bool is_written = write_file(folder + "/mayfly.1", front_page(app)) &&
                    write_file(folder + "/mayfly.bash", completion_of(app));
  for (const CLI::App* const command : commands_of(app)) {
    const std::string path = folder + "/mayfly-" + command->get_name() + ".1";
    is_written = write_file(path, page_of(*command)) && is_written;
  }
  return is_written ? 0 : complain(cannot(folder, "written to"));
}

}  // namespace

void add_manual(CLI::App& app, int& exit_code) {
  const auto folder = std::make_shared<std::string>();
  CLI::App* const command =
      app.add_subcommand("manual", "Write the manual pages, and the completion of bash");
  command->add_option("folder", *folder, "where to")->required();
  command->footer("Example: mayfly manual /tmp/man && man /tmp/man/mayfly-find.1");
  command->callback([&app, folder, &exit_code] { exit_code = write_manual(app, *folder); });
}

}  // namespace mayfly
