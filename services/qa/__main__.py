from services.qa.main import main

main()
