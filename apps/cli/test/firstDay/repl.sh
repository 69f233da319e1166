# Reads sums and prints what they come to.
while IFS= read -r sum; do eval "echo \$(($sum))"; done
