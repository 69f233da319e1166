# A build of 3,000 lines, one of which is an error.
n=0
while [ "$n" -lt 3000 ]; do
  n=$((n + 1))
  if [ "$n" -eq 1700 ]; then
    echo "src/parse.ts:12:7 - error TS2322: Type 'string' is not assignable to type 'number'." >&2
  else
    echo "[$n/3000] compiled module_$n.ts"
  fi
done
echo "1 of 3000 modules could not be compiled"
exit 2
