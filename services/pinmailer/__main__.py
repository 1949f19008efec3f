from services.pinmailer.main import main

main()
