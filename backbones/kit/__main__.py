import sys

from backbones.kit.entry import main

sys.exit(main())
