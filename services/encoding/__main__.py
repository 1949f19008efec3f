from services.encoding.main import main

main()
