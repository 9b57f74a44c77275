import sys

from bench import auth, run, scale

if sys.argv[1:2] == ["scale"]:
    scale.main(sys.argv[2:], prog_name="python -m bench scale")
elif sys.argv[1:2] == ["auth"]:
    auth.main(sys.argv[2:], prog_name="python -m bench auth")
else:
    run.main()
