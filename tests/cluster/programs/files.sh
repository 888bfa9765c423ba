# coreutils, findutils, sed, tar, grep.
cd "$D" || exit 1
mkdir -p tree/a/b tree/c
for n in 1 2 3 4 5; do seq $((n * 1000)) > tree/a/f$n; done
ln -s f1 tree/a/link; ln tree/a/f1 tree/a/hard; ln -s nowhere tree/c/dangling
chmod 640 tree/a/f2; touch -d '2001-02-03 04:05:06.789' tree/a/f3
: > tree/empty; mkdir tree/"name with  spaces"; echo x > tree/"name with  spaces"/$'new\nline'
cp -a tree copy && diff -r --no-dereference tree copy && echo copied
stat -c '%n %s %a %h %F' copy/a/f3 copy/a/f2 | sed 's/ [+]0000//'
mkdir dir; cp tree/a/f1 dir/; cp tree/a/f2 tree/a/f3 dir; ls dir
cp --reflink=auto tree/a/f4 x; cmp x tree/a/f4 && echo reflink
install -m 751 -D x deep/er/y; stat -c %a deep/er/y
mv x z; mv z dir; ls dir; mv dir moved; ls
sed -i 's/^1$/one/' moved/f1; head -2 moved/f1
tar cf t.tar tree; mkdir out; tar xf t.tar -C out
diff -r --no-dereference tree out/tree && echo tar
tar czf t.tgz tree; tar tzf t.tgz | sort | tail -3
find . -name 'f*' | sort | head -4; find . -type l | sort; find . -size +10k -type f | wc -l
find copy -name '*' -newer tree/a/f3 | wc -l
grep -rl 999 tree | sort; grep -c 1 tree/a/f1
sort -R tree/a/f2 | sort -n | cmp - tree/a/f2 && echo sorted; sort -n -o tree/a/f5 tree/a/f5
wc tree/a/*
dd if=tree/a/f5 of=dd.out bs=777 conv=fsync 2> /dev/null; cmp dd.out tree/a/f5 && echo dd
dd if=/dev/zero of=sparse bs=1 count=1 seek=10M 2> /dev/null; stat -c '%s' sparse
du -k sparse | cut -f1
truncate -s 5K sparse; stat -c %s sparse; truncate -s +1K sparse; stat -c %s sparse
head -c 100000 /dev/urandom > r; split -b 30000 r r.; cat r.* | cmp - r && echo split
md5sum r > sums; md5sum -c sums
sha256sum < r | cmp - <(sha256sum r | cut -c1-67 | sed 's/r$/-/') > /dev/null
tail -c 10 r | cmp - <(tail -c +99991 r) && echo tail
ls -lR tree | grep -v "^[dt]" | awk "{print \$1, \$2, \$5, \$9}" | sort | head -20
ls -a tree; ls -1 tree/a; readlink tree/a/link; readlink -f tree/a/link | sed "s|$D||"
realpath tree/a/../c | sed "s|$D||"
rm "$(mktemp -p . tmp.XXXXXX)"; d=$(mktemp -d "$D/dir.XXXXXX") && rmdir "$d" && echo temporary
ln -s "$D/tree" absolute; ls absolute; cat absolute/a/f1 | wc -l
touch new; test new -nt tree/a/f3 && echo newer; rm -f new none
rmdir deep 2> /dev/null || echo not empty
chmod -R u+w,go-w tree; rm -rf tree copy out moved deep; ls
cat < /dev/null > n; cat n n > m; test -s m || echo nothing; yes | head -1000 | tee y1 > y2
cmp y1 y2 && wc -c y1
echo abc > w; (echo def; cat w) >> w2; tac w2; rev w; tr a-z A-Z < w; cut -c2 w; paste w w; nl w
od -c w
mkfifo p 2> /dev/null; shred -u w; test -e w || echo gone
df . > /dev/null && echo df; sync; sync w2; stat -f -c %S . 
