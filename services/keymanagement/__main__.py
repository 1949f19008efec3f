from services.keymanagement.main import main

main()
