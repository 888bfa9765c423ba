# python3: shutil, json, pickle, threads, subprocess, multiprocessing, mmap, fcntl, os.
cd "$D" || exit 1
cat > work.py <<'END'
import array, fcntl, glob, json, mmap, multiprocessing, os, pathlib, pickle, shutil, sqlite3, stat
import subprocess, sys, tempfile, threading, zipfile

here = pathlib.Path(os.environ["D"])
(here / "a" / "b").mkdir(parents=True)
(here / "a" / "text").write_text("some text\n" * 1000)
json.dump({"one": [1, 2, 3]}, open(here / "a" / "j.json", "w"))
print(json.load(open(here / "a" / "j.json")))
pickle.dump(list(range(1000)), open(here / "a" / "p", "wb"))
print(sum(pickle.load(open(here / "a" / "p", "rb"))))
shutil.copytree(here / "a", here / "c"); print(sorted(p.name for p in (here / "c").iterdir()))
shutil.copy2(here / "a" / "text", here / "t2"); print(os.path.getsize(here / "t2"))
shutil.make_archive(str(here / "zipped"), "zip", here / "a")
print(sorted(zipfile.ZipFile(here / "zipped.zip").namelist()))
shutil.move(here / "c", here / "d"); print(os.listdir(here / "d") != [], os.path.exists(here / "c"))
print(sorted(glob.glob(str(here / "a" / "*")))[-1][-4:], len(list(here.rglob("*"))))
with open(here / "m", "w+b") as f:
    f.write(bytes(range(256)) * 64); f.flush()
    with mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ) as m:
        print(m[255], len(m), m.find(b"\x10\x11"))
    with mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_COPY) as m:
        m[0] = 7; print(m[0])
    f.seek(0); print(f.read(1))
    f.seek(-1, os.SEEK_END); print(f.read(), f.tell()); f.truncate(10)
    print(os.fstat(f.fileno()).st_size)
def add(n):
    with open(here / f"thread-{n}", "w") as f:
        for i in range(200): f.write(f"{n} {i}\n")
threads = [threading.Thread(target=add, args=(n,)) for n in range(8)]
[t.start() for t in threads]; [t.join() for t in threads]
print(sum(len(open(here / f"thread-{n}").readlines()) for n in range(8)))
with open(here / "sub", "w") as f: subprocess.run(["echo", "from a child"], stdout=f, check=True)
print(open(here / "sub").read(), end="")
read = subprocess.run(["cat"], stdin=open(here / "sub"), capture_output=True, text=True)
print(read.stdout, end="")
asked = subprocess.run(["pwd"], cwd=here / "a", capture_output=True, text=True)
print(asked.stdout.strip()[-2:])
print(subprocess.check_output("cat sub | wc -c", shell=True, cwd=here).strip())
def append(n):
    fd = os.open(here / "log", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    for i in range(50): os.write(fd, b"%d %d record\n" % (n, i))
    os.close(fd); return n
for method in ("fork",):
    with multiprocessing.get_context(method).Pool(3) as pool:
        print(sorted(pool.map(os.path.getsize, [str(here / "t2")] * 4)))
with multiprocessing.get_context("fork").Pool(3) as pool: print(sorted(pool.map(append, range(4))))
lines = open(here / "log").readlines()
print(len(lines), len(set(lines)), all(l.endswith("record\n") for l in lines))
inherited = open(here / "inherited", "w+"); inherited.write("parent,"); inherited.flush()
pid = os.fork()
if pid == 0:
    os.write(inherited.fileno(), b"child,"); os._exit(0)
os.waitpid(pid, 0); os.write(inherited.fileno(), b"parent again"); inherited.seek(0)
print(inherited.read())
lock = open(here / "lock", "w"); fcntl.flock(lock, fcntl.LOCK_EX)
pid = os.fork()
if pid == 0:
    other = open(here / "lock", "w")
    try: fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB); os._exit(1)
    except BlockingIOError: os._exit(0)
print("locked", os.waitpid(pid, 0)[1])
fcntl.lockf(lock, fcntl.LOCK_UN); fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB); print("lockf")
os.setxattr(here / "t2", "user.colour", b"red")
print(os.getxattr(here / "t2", "user.colour"), os.listxattr(here / "t2"))
d = os.open(here, os.O_RDONLY | os.O_DIRECTORY)
os.mkdir("at", dir_fd=d); fd = os.open("at/f", os.O_CREAT | os.O_WRONLY, 0o600, dir_fd=d)
os.write(fd, b"1234"); os.close(fd)
print(os.stat("at/f", dir_fd=d).st_size, os.listdir(d) == os.listdir(here))
os.rename("at/f", "at/g", src_dir_fd=d, dst_dir_fd=d)
os.chdir(d); print(os.getcwd() == str(here), os.listdir("at"))
os.fchdir(os.open("at", os.O_RDONLY)); print(os.listdir(".")); os.chdir("..")
fd = os.open("pos", os.O_CREAT | os.O_RDWR, 0o644)
print(os.pwrite(fd, b"abc", 5), os.pread(fd, 10, 0), os.writev(fd, [b"x", b"yz"]))
print(os.readv(fd, [bytearray(2), bytearray(9)]), os.lseek(fd, 0, os.SEEK_CUR))
copied = os.open("cfr", os.O_CREAT | os.O_WRONLY, 0o644)
print(os.copy_file_range(fd, copied, 3, 5), open("cfr").read())
os.posix_fallocate(fd, 0, 100); print(os.fstat(fd).st_size); os.ftruncate(fd, 4)
print(os.path.getsize("pos"))
dup = os.dup(fd); os.lseek(dup, 2, os.SEEK_SET); print(os.read(fd, 10), fd < 20)
import select; print([len(x) for x in select.select([fd], [fd], [], 1)])
print(stat.filemode(os.stat("at").st_mode), os.statvfs(".").f_namemax, os.access("pos", os.W_OK))
os.utime("pos", ns=(1, 2)); print(os.stat("pos").st_mtime_ns); os.symlink("pos", "sym")
print(os.readlink("sym"), os.path.realpath("sym") == str(here / "pos"))
for bad in (lambda: open("none"), lambda: os.mkdir("at"), lambda: os.rmdir(here),
            lambda: os.listdir("pos"), lambda: os.open("at", os.O_WRONLY),
            lambda: os.unlink("at"), lambda: os.rename("at", "pos"),
            lambda: open("x" * 256, "w")):
    try: bad(); print("no error")
    except OSError as error: print(type(error).__name__, error.errno)
with tempfile.TemporaryDirectory(dir=here) as t, tempfile.NamedTemporaryFile(dir=t) as f:
    f.write(b"1"); print(os.path.exists(f.name))
base = sqlite3.connect("base.db"); base.execute("create table t (n)")
base.executemany("insert into t values (?)", [(n,) for n in range(1000)]); base.commit()
print(base.execute("select sum(n) from t").fetchone()); base.close()
numbers = array.array("d", range(100)); numbers.tofile(open("numbers", "wb"))
back = array.array("d"); back.fromfile(open("numbers", "rb"), 100); print(back == numbers)
print(len(os.listdir(here))); shutil.rmtree(here / "a"); print((here / "a").exists())
END
python3 work.py
