// Opcode: what a request asks for. The numbers stand on the wire (docs/protocol.md).
#pragma once

#include <cstddef>
#include <cstdint>

namespace mayfly {

enum class Opcode : std::uint8_t {
  connect = 1,
  disconnect,
  shut_down,
  ping,
  // Namespace, at the server of a dentry or of an inode.
  look_up,
  open_name,
  open_id,
  close,
  get_attributes,
  set_attributes,
  set_layout,
  report_size,
  note_read,
  set_size,
  append,
  make_directory,
  make_symbolic_link,
  link,
  rename,
  get_parent,
  remove_directory,
  remove_file,
  put_file,
  read_directory,
  set_lock,
  test_lock,
  set_extended,
  get_extended,
  list_extended,
  remove_extended,
  // Bytes, at the server of a chunk.
  lease_slot,
  release_slot,
  write,
  read,
  data_end,
  seek_data,
  allocate_data,
  clear_data,
  sync_data,
  usage,
  stage_data,
  settle_staged,
  get_statistics,
  // Between servers.
  cut_data,
  freeze_directory,
  thaw_directory,
  entomb_directory,
  hold_name,
  put_name,
  release_name,
  add_link,
  drop_link,
  note_rename,
  raise_epoch,
  note_news,
  take_news,
  note_waits,
  note_lost,
  count_,  ///< not an opcode
};

inline constexpr std::size_t kOpcodes = static_cast<std::size_t>(Opcode::count_);

constexpr std::size_t index_of(Opcode opcode) { return static_cast<std::size_t>(opcode); }

/// A word for logs and messages: "write".
const char* name_of(Opcode opcode);

}  // namespace mayfly
