# SPDX-License-Identifier: MIT
# bash completion for proctor

_proctor_files()
{
	mapfile -t COMPREPLY < <(compgen -f -- "$1")
	compopt -o filenames
}

_proctor()
{
	local cur=$2 prev=$3 command=${COMP_WORDS[1]} name

	# An option, "=" and its value arrive as three words: bash breaks words at "=".
	name=$prev
	if [[ $cur == "=" ]]; then
		cur=
	elif [[ $prev == "=" ]]; then
		name=${COMP_WORDS[COMP_CWORD-2]}
	elif [[ $prev == --color || $prev == --coverage || $prev == --shuffle ]]; then
		name=	# their values follow a "=" only
	fi
	COMPREPLY=()
	if ((COMP_CWORD == 1)); then
		COMPREPLY=($(compgen -W "run list coverage doctor help --help --version" -- "$cur"))
		return
	fi
	case $name in
	--framework)
		COMPREPLY=($(compgen -W "exe tap googletest catch2 catch2-v2 doctest boost rust go suite.h tml tml-exe" -- "$cur"))
		return ;;
	--isolation)
		COMPREPLY=($(compgen -W "batch test fork" -- "$cur"))
		return ;;
	--on-crash)
		COMPREPLY=($(compgen -W "auto stop continue" -- "$cur"))
		return ;;
	--show-output)
		COMPREPLY=($(compgen -W "failed all none" -- "$cur"))
		return ;;
	--style)
		COMPREPLY=($(compgen -W "proctor tml" -- "$cur"))
		return ;;
	--color)
		COMPREPLY=($(compgen -W "auto always never" -- "$cur"))
		return ;;
	--loop)
		COMPREPLY=($(compgen -W "auto uring epoll" -- "$cur"))
		return ;;
	--coverage)
		COMPREPLY=($(compgen -W "auto llvm tml" -- "$cur"))
		return ;;
	--events | --junit | --manifest | --coverage-dir | --coverage-output)
		_proctor_files "$cur"
		return ;;
	--test-threads | --jobs | -j | --max-fail | --slowest | --timeout | --grace | --leak-timeout | --slow-after | --max-output | --repeat | \
	--retries | --shard | --filter | --sequence | --skip | --suite | --exe | --exe-args | --wrap | --coverage-fail-under | \
	--coverage-include | --coverage-exclude | --coverage-tool-timeout)
		return ;;
	esac
	if [[ $cur != -* ]]; then
		if [[ $command == help ]]; then
			COMPREPLY=($(compgen -W "run list coverage doctor" -- "$cur"))
		else
			_proctor_files "$cur"
		fi
		return
	fi
	case $command in
	run)
		COMPREPLY=($(compgen -W "--test-threads= --jobs= --timeout= --grace= --leak-timeout= --slow-after= \
			--max-output= --isolation= --no-suite --on-crash= --fail-fast \
			--no-fail-fast --max-fail= --repeat= \
			--retries= --confirm --no-confirm --shuffle --shard= --filter= --sequence= --skip= --suite= --exe= --framework= --manifest= --exe-args= --wrap= --no-cache \
			--list --list-suites --list-kinds --show-output= --style= --slowest= --nocapture --pin-tests --loop= --events= --junit= \
			--coverage --coverage-dir= --coverage-output= --coverage-fail-under= \
			--coverage-include= --coverage-exclude= --coverage-allow-partial \
			--coverage-tool-timeout= \
			--backtrace --no-check-leaks --no-inject --keep-temp --verbose --quiet \
			--color --no-color --help" -- "$cur")) ;;
	list)
		COMPREPLY=($(compgen -W "--shard= --filter= --sequence= --skip= --suite= --exe= --framework= --manifest= --exe-args= --wrap= --no-cache \
			--list-suites --list-kinds --long --json --help" -- "$cur")) ;;
	coverage)
		COMPREPLY=($(compgen -W "--coverage-dir= --coverage-output= \
			--coverage-fail-under= --coverage-include= --coverage-exclude= \
			--coverage-allow-partial --coverage-tool-timeout= --color --no-color \
			--help" -- "$cur")) ;;
	doctor)
		COMPREPLY=($(compgen -W "--loop= --help" -- "$cur")) ;;
	esac
	[[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace
}
complete -F _proctor proctor
