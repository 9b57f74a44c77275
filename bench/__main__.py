import sys

from bench import run, scale

if sys.argv[1:2] == ["scale"]:
    scale.main(sys.argv[2:], prog_name="python -m bench scale")
else:
    run.main()
