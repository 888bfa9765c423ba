#include "metadata/inode.h"

#include <algorithm>

namespace mayfly {

Inode::Inode(const Attributes& attributes, FileId parent) : attributes_(attributes) {
  attributes_.mtime_decided_ns = attributes.mtime_ns;
  if (!attributes.is_directory()) return;
  directory_ = std::make_unique<Directory>();
  directory_->parent = parent;
}

Attributes Inode::attributes() const {
  Attributes visible = attributes_;
  if (directory_ != nullptr) {
    const bool is_settled = directory_->news.empty() && directory_->settling == 0;
    visible.flags = is_settled ? 0 : kUnsettled;
    for (const auto& [server, count] : directory_->subdirectories) visible.nlink += count;
    if (is_orphan()) visible.nlink = 0;
  } else {
    visible.flags |= is_written() || size_unsettled_ || pages_unsettled_ ? kUnsettled : 0;
    const bool is_below_zero = static_cast<std::int64_t>(pages_) < 0;
    visible.blocks_512 = is_below_zero ? 0 : blocks_of(pages_);
  }
  return visible;
}

std::uint32_t& Inode::count(Access access) {
  if (access == Access::read) return readers_;
  return access == Access::write ? writers_ : appenders_;
}

Status Inode::close(Access access) {
  if (count(access) == 0) return Errc::bad_descriptor;
  --count(access);
  // Nobody has a place any more that he may yet write to, unless a handle died.
  if (!is_written() && writer_deaths_ == 0) places_.reset();
  return {};
}

Status Inode::forget(Access access) {
  MAYFLY_CHECKED(close(access));
  if (access != Access::read) {
    ++writer_deaths_;
    size_unsettled_ = pages_unsettled_ = true;
  }
  return {};
}

void Inode::report(const SizeReport& report) {
  pages_ += static_cast<std::uint64_t>(report.pages);
  if (report.truncate_generation == attributes_.truncate_generation) {
    attributes_.size = std::max(attributes_.size, report.size);
    grown_since_truncate_ = std::max(grown_since_truncate_, report.size);
  }
  if (report.modified_ns > attributes_.mtime_decided_ns) {
    attributes_.mtime_ns = attributes_.mtime_decided_ns = report.modified_ns;
    attributes_.ctime_ns = std::max(attributes_.ctime_ns, report.modified_ns);
  }
}

void Inode::settle(std::uint64_t size, const SettleTicket& ticket) {
  // The answers may count bytes that have been cut meanwhile.
  if (ticket.truncate_steps != truncate_steps_) return;
  attributes_.size = std::max(attributes_.size, size);
  // While a truncate is pending the chunk servers may have answered before their cut.
  if (truncating_ || cut_failed_ || ticket.writer_deaths != writer_deaths_) return;
  size_unsettled_ = false;
}

bool Inode::lend_bytes(TimePoint until) {
  if (is_directory() || is_written() || size_unsettled_ || truncating_) return false;
  lent_until_ = std::max(lent_until_, until);
  return true;
}

Status Inode::begin_truncate(std::int64_t now_ns) {
  if (truncating_) return Errc::busy;
  truncating_ = true;
  ++truncate_steps_;
  grown_since_truncate_ = 0;
  ++attributes_.truncate_generation;
  attributes_.ctime_ns = now_ns;
  return {};
}

Status Inode::finish_truncate(std::uint64_t size, std::uint64_t pages_freed, std::int64_t now_ns) {
  if (!truncating_) return Errc::invalid;
  truncating_ = false;
  ++truncate_steps_;
  attributes_.size = std::max(size, grown_since_truncate_);
  pages_ -= pages_freed;
  cut_failed_ = false;
  places_.reset();
  attributes_.mtime_ns = attributes_.ctime_ns = attributes_.mtime_decided_ns = now_ns;
  return {};
}

Status Inode::abandon_truncate() {
  if (!truncating_) return Errc::invalid;
  truncating_ = false;
  ++truncate_steps_;
  size_unsettled_ = pages_unsettled_ = cut_failed_ = true;
  return {};
}

void Inode::note_read(bool is_changed, std::int64_t now_ns) {
  if (is_changed || reading_shows(attributes_, now_ns)) attributes_.atime_ns = now_ns;
}

Result<std::uint64_t> Inode::reserve(std::uint64_t length, const SettleTicket& ticket) {
  if (ticket.truncate_steps != truncate_steps_) return Errc::stale;
  const std::uint64_t end = std::max(attributes_.size, places_ ? places_->end() : 0);
  if (length > kMaxFileBytes || end > kMaxFileBytes - length) return Errc::file_too_big;
  if (places_ == nullptr) places_ = std::make_unique<AppendPlaces>();
  return places_->take(attributes_.size, length);
}

void Inode::give_back(std::uint64_t offset, std::uint64_t length,
                      std::uint32_t truncate_generation) {
  if (places_ == nullptr || truncate_generation != attributes_.truncate_generation) return;
  places_->give_back(offset, length);
}

void Inode::change(const AttributeChange& change, std::int64_t now_ns) {
  if (change.mask & AttributeChange::kUid) attributes_.uid = change.uid;
  if (change.mask & AttributeChange::kGid) attributes_.gid = change.gid;
  // A program must not run with the rights of its new owner because the old one said so.
  if ((change.mask & (AttributeChange::kUid | AttributeChange::kGid)) != 0 && !is_directory()) {
    attributes_.mode &= ~static_cast<std::uint32_t>(S_ISUID);
    if ((attributes_.mode & S_IXGRP) != 0) {
      attributes_.mode &= ~static_cast<std::uint32_t>(S_ISGID);
    }
  }
  // Whoever gives both means this mode for the new owner.
  if (change.mask & AttributeChange::kMode) {
    attributes_.mode = (attributes_.mode & S_IFMT) | (change.mode & 07777);
  }
  if (change.mask & AttributeChange::kAtime) attributes_.atime_ns = change.atime_ns;
  if (change.mask & AttributeChange::kMtime) {
    attributes_.mtime_ns = change.mtime_ns;
    attributes_.mtime_decided_ns = now_ns;
  }
  attributes_.ctime_ns = now_ns;
}

void Inode::set_layout(const Layout& layout, std::int64_t now_ns) {
  attributes_.layout = layout;
  attributes_.ctime_ns = now_ns;
}

void Inode::touch(std::int64_t now_ns) {
  if (now_ns > attributes_.mtime_decided_ns)
    attributes_.mtime_ns = attributes_.mtime_decided_ns = now_ns;
  attributes_.ctime_ns = std::max(attributes_.ctime_ns, now_ns);
}

void Inode::count_subdirectories(std::uint32_t server, std::uint32_t count) {
  if (count == 0) {
    directory_->subdirectories.erase(server);
  } else {
    directory_->subdirectories[server] = count;
  }
}

Status Inode::link(std::int64_t now_ns) {
  if (attributes_.nlink >= kMaxLinks) return Errc::too_many_links;
  ++attributes_.nlink;
  attributes_.ctime_ns = now_ns;
  return {};
}

void Inode::unlink(std::int64_t now_ns) {
  --attributes_.nlink;
  attributes_.ctime_ns = now_ns;
}

void Inode::orphan(std::int64_t now_ns) {
  attributes_.nlink = 0;
  attributes_.ctime_ns = now_ns;
}

void Inode::rename(FileId parent, std::int64_t now_ns) {
  if (directory_ != nullptr) directory_->parent = parent;
  attributes_.ctime_ns = now_ns;
}

void Inode::set_target(std::string_view target) {
  target_ = std::make_unique<std::string>(target);
  attributes_.size = target.size();
}

ExtendedAttributes& Inode::extended(std::int64_t now_ns) {
  if (extended_ == nullptr) extended_ = std::make_unique<ExtendedAttributes>();
  attributes_.ctime_ns = now_ns;
  return *extended_;
}

}  // namespace mayfly
