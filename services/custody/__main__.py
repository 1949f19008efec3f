from services.custody.main import main

main()
