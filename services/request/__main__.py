from services.request.main import main

main()
