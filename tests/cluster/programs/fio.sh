# fio with each engine that needs no more of the kernel than files: what is written is verified.
cd "$D" || exit 1
job() {
  local name=$1
  shift
  if fio --name="$name" --filename="$name" --size=4m --thread --verify=crc32c --verify_fatal=1 \
         --verify_state_save=0 --output=/dev/null "$@"; then
    echo "$name: verified, $(stat -c %s "$name") bytes"
  else
    echo "$name: exit status $?"
  fi
}
for engine in sync psync vsync pvsync pvsync2 posixaio; do
  job "$engine-random" --ioengine=$engine --rw=randwrite --bs=4k
  job "$engine-hard" --ioengine=$engine --rw=write --bs=47008 --size=4700800
  job "$engine-both" --ioengine=$engine --rw=randrw --bs=64k --fsync=8
done
job aio-deep --ioengine=posixaio --iodepth=32 --rw=randwrite --bs=4k
job two --ioengine=psync --rw=write --bs=1m --numjobs=2 --offset_increment=4m
# What goes by the kernel's own asynchronous calls is refused in the mount, never wrong.
for engine in libaio io_uring; do
  fio --name=k --filename=k --size=1m --bs=64k --rw=write --ioengine=$engine --verify=crc32c \
      --verify_state_save=0 --output=/dev/null 2> /dev/null
  status=$?
  case $D in
    /mayfly*) test $status -ne 0 && echo "$engine: as documented" ;;
    *) echo "$engine: as documented" ;;
  esac
  rm -f k
done
ls | sort
